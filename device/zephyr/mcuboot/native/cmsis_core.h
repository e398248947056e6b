/* MCUboot asks for it on every machine; a Linux process has none. */
