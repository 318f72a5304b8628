"""The start page: what this person can do now, with the numbers that matter first thing on a Monday."""
