"""Reads which AWS calls a handler can reach, by abstract interpretation of the project's own source.

Every expression is evaluated to the set of things it may be: a client, an adapter instance, a function, a
text made of settings, or "opaque" data. What is opaque can never hold a client: whenever a client, or
something that holds one, would go where it cannot be followed, the reading is refused, naming the line.
So a call is either followed or refused, never missed. Branches are all taken, order does not matter, and
the whole is repeated until nothing new is learnt.
"""
