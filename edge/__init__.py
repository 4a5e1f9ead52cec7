"""queue-edge: call queues at the media edge of Asterisk. Read this package top to bottom."""
