/**
 * Loaded into each member before its own program: when the stage has gone, so does the member.
 */
process.once('disconnect', () => process.exit())
// Listening is not to keep a member alive that has come to its end.
process.channel?.unref()
if (!process.connected) process.exit()
