"""What a listing shows beside its rows and over them: arrows, visits, dead code, matches; one module for each."""
