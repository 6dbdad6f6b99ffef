package revoke

import "context"

// stackNeeded is how much stack an attempt takes, in bytes: so deep are the calls through
// the clients of Redis and PortOne to the decoding of an answer.
const stackNeeded = 12 << 10

// growStack grows the stack of the running goroutine at once to what an attempt needs.
// Asynq starts two goroutines for each task, with stacks of a few kilobytes. They would be
// doubled, and copied with all that is on them, again and again while an attempt is deep in
// its calls, which took a twelfth of a revocation's CPU time. The compiler keeps the frame
// since it cannot know which byte is asked for.
//
//go:noinline
func growStack(which int) byte {
	var frame [stackNeeded]byte
	return frame[which%stackNeeded]
}

// BaseContext is what Asynq calls in the goroutine that tells Redis how a task ended
// (asynq.Config.BaseContext). Growing the stack here saves that goroutine the same copies.
func BaseContext() context.Context {
	ctx := context.Background()
	_ = growStack(cap(ctx.Done()))
	return ctx
}
