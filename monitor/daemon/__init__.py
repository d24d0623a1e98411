"""The life of the process: the loops poll, judge and deliver, which meet only in the store."""
