package monitor

import (
	"time"

	"receiptrevoker/tasks"
)

// Gates is what stands between the workers and PortOne at one moment.
type Gates struct {
	// PortOne is the gate before all gateways.
	PortOne Gate
	// Gateways are the gates of each; the empty gateway's is that of the tasks
	// whose gateway is not known.
	Gateways map[tasks.Gateway]Gate
	// Held is for how much longer PortOne wants no calls.
	Held time.Duration
	// ByPerson are the queues that a person has paused.
	ByPerson []string
}

// Gate is how one gate stands.
type Gate struct {
	Closed bool
	// Reason is why it closed, for people.
	Reason string
	// Since is when it closed or opened, zero if it never did of late.
	Since time.Time
	// NextProbe is when it is next tried whether a closed gate may open.
	NextProbe time.Time
}
