/* Empty on purpose: cffi knows the types of the C library, and its declarations would only be in the way. */
