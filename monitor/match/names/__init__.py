"""Names: their forms by convention, spellings and scripts, and the index of all of them."""
