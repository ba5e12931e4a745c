/**
 * Loaded into each member before its own program: when the stage has gone, so does the member.
 * Ctrl-C in a terminal reaches every process; here the stage decides what becomes of its members.
 */
process.once('disconnect', () => process.exit())
// Listening is not to keep a member alive that has come to its end.
process.channel?.unref()
process.on('SIGINT', () => {})
if (!process.connected) process.exit()
