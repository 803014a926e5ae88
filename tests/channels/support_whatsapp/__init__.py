"""The WhatsApp channel's tests."""
