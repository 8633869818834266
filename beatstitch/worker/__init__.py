"""The daemon: claims jobs, runs each attempt in a child of its own, settles what comes back.

`loop` decides, `hands` holds the attempts, `brood` and `nursery` the children, `child` is what runs
in one, and `conclude` writes what came of it. This room
knows the contract of a handler's room (`beatstitch.jobs`) and no handler; it refuses to know what
any job does.
"""
