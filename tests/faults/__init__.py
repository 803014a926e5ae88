"""Jobs, and everything they need killed at random moments: none may be lost, none stuck.

``python -m tests.faults`` is the long form, ``test_faults.py`` the one that every run can afford.
"""
