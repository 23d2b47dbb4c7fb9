"""Personal names: their forms by naming convention, other spellings, other scripts, and the index of all forms."""
