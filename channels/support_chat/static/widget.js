/* The chat widget, before its sources are built: it says so, and does nothing else. */
console.info("support chat: the widget has not been built yet; see channels/support_chat/widget");
