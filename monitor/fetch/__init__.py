"""Getting bytes: politely, safely, within bounds."""
