"""Reads which AWS calls a handler can reach, by abstract interpretation of the project's own source.

Every expression is evaluated to the set of things it may be: a client, an adapter, a function, a text made of
settings, or opaque data. Opaque data never holds a client: what goes where it cannot be followed "escapes",
which calls the functions in it with data and refuses the clients in it, naming the line. So a call is either
followed or refused, never missed. Branches are all taken, and all is run again until nothing new is learnt.

Read `core` first, then `interpreter`; the modules between them are the kinds of value, from data to classes.
"""
