package world

import (
	"github.com/hibiken/asynq"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// person is all by which people and order services act: producing, the web UI of Asynq, dead
// letters, gates and pauses.
type person struct {
	producer  *enqueue.Client
	inspector *asynq.Inspector
	letters   *deadletter.List
	gates     *gate.Store
	pauses    *pause.Store
}

func newPerson(client *client) person {
	store := outcome.NewStore(client, outcome.Config{})
	return person{
		producer: enqueue.NewClient(client, enqueue.Config{}), inspector: asynq.NewInspectorFromRedisClient(client),
		letters: deadletter.New(client, store, deadletter.Config{}), gates: gate.NewStore(client, ""),
		pauses: pause.NewStore(client, ""),
	}
}
