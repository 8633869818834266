"""What requests and answers look like: the schemas that check, write and describe them.

A file per noun. They know rows, to show them, and no route.
"""
