-- Of each note of the registry it is asked what was judged without it.
CREATE INDEX chain_device ON chain (device);
CREATE INDEX chain_anchor ON chain (anchor_size);
