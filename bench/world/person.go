package world

import (
	"github.com/hibiken/asynq"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// person is what producers and people act by in the simulation: the packages that the commands
// enqueue, cancel, dead and queue use, and for tasks Asynq's inspector, as its web UI does.
type person struct {
	producer  *enqueue.Client
	inspector *asynq.Inspector
	letters   *deadletter.List
	gates     *gate.Store
	pauses    *pause.Store
}

// newPerson returns a person who acts by one client, whose network has faults too.
func newPerson(client *client) person {
	store := outcome.NewStore(client, outcome.Config{})
	return person{
		producer: enqueue.NewClient(client, enqueue.Config{}), inspector: asynq.NewInspectorFromRedisClient(client),
		letters: deadletter.New(client, store, deadletter.Config{}), gates: gate.NewStore(client, ""),
		pauses: pause.NewStore(client, ""),
	}
}
