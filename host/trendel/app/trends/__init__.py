"""Weeks of runs from the journal: is a hip getting stronger, and was a run much longer than the ones before?"""
