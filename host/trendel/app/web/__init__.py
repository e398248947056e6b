"""The live page: a run on a screen across the room, from this computer and no further."""
