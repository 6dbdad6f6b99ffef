package worker

// stackNeeded is how much stack an attempt takes, in bytes: so deep are the calls through
// the clients of Redis and PortOne to the decoding of an answer.
const stackNeeded = 12 << 10

// growStack grows the stack of the running goroutine at once to what an attempt needs.
// Asynq starts a goroutine for each task, with a stack of a few kilobytes. It would be
// doubled, and copied with all that is on it, three times while the attempt is deep in its
// calls, which took a twentieth of a revocation's CPU time. The compiler keeps the frame
// since it cannot know which byte is asked for.
//
//go:noinline
func growStack(which int) byte {
	var frame [stackNeeded]byte
	return frame[which]
}
