"""What ``deploy/`` ships, tried: the files themselves, with other addresses."""
