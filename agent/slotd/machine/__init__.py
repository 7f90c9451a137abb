"""The kernel: control groups, jails, giving up root, messages with descriptors."""
