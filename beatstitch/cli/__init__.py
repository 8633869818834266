"""The command line: reads options, shows progress, says in plain words what happened.

Each command is loaded when it is called, so that `beatstitch --help` answers at once.
"""
