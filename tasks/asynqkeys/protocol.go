package asynqkeys

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"

	"receiptrevoker/tasks"
)

// Protocol is the version of what a worker understands of a task. What a worker of
// before would carry out wrongly raises it:
//
//	1  imp_uid, pg, batch and row
//	2  apply_num and again, which say which receipt of the imp_uid is meant, and tier
const Protocol = 2

// What Asynq's servers register as the weights of their queues, for people who read them. Package fetch
// decides of which queue the next task is, by the same shares.
const (
	singleWeight = 9 // a person waits for each of them
	bulkWeight   = 1 // a list must move, too
)

// Weights returns the queues of gateways in a namespace with their weights, for the Asynq server that serves them.
//
// The weights also say what the server understands: they are multiplied by [Protocol]. Asynq writes them as they are to
// its registry of servers. So a server and its version come and go in one step, and no clock, no process ID and no
// further key has to match.
func Weights(namespace string, gateways ...tasks.Gateway) map[string]int {
	return weights(namespace, gateways, Protocol)
}

func weights(namespace string, gateways []tasks.Gateway, protocol int) map[string]int {
	all := make(map[string]int)
	for _, pg := range gateways {
		q := tasks.Queue{PG: pg}.In(namespace)
		all[q.Name()] = singleWeight * protocol
		q.Bulk = true
		all[q.Name()] = bulkWeight * protocol
	}
	return all
}

// serverMessage is the name of what Asynq writes of a server.
const serverMessage = "asynq.ServerInfo"

// errUnread says that Asynq could not read what is written of a server, either.
var errUnread = errors.New("this is not what Asynq writes of a server")

// What Asynq writes of the state of a server, beside "active".
const (
	statusNew     = "new"     // which a server has only before it registers
	statusStopped = "stopped" // it takes no more tasks
	statusClosed  = "closed"  // it finishes what it had taken
)

// server is what is read of it.
type server struct {
	Host   string         `json:"host"`
	PID    int            `json:"pid"`
	Queues map[string]int `json:"queues"`
	Status string         `json:"status"`
}

// newServerMessage returns an empty message in which Asynq writes what a server is.
func newServerMessage() (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(serverMessage)
	if err != nil {
		return nil, fmt.Errorf("look for Asynq's form of a server: %w", err)
	}
	return kind.New().Interface(), nil
}

// parseServer returns the server of which Asynq has written the text.
func parseServer(text string) (s server, err error) {
	message, err := newServerMessage()
	if err != nil {
		return s, err
	}
	if proto.Unmarshal([]byte(text), message) != nil {
		return s, errUnread
	}
	plain, err := protojson.Marshal(message)
	if err != nil {
		return s, errUnread
	}
	return s, json.Unmarshal(plain, &s)
}

// state returns what the server does about its queues. Asynq writes it every five seconds.
func (s server) state() State {
	switch s.Status {
	case statusNew:
		return Waiting
	case statusStopped, statusClosed:
		return Stopping
	}
	return Serving
}

// ours returns the names of the server's queues that are those of a namespace, and the
// version that their weights say: 0 if they say none, as those of another program.
func (s server) ours(namespace string) (names []string, protocol int) {
	for name := range s.Queues {
		if isOf(name, namespace) {
			names = append(names, name)
		}
	}
	var gateways []tasks.Gateway
	version := 0
	for _, name := range names {
		if queue, _ := tasks.ParseQueue(name); queue.Bulk {
			gateways, version = append(gateways, queue.PG), s.Queues[name]/bulkWeight
		}
	}
	if !maps.Equal(s.Queues, weights(namespace, gateways, version)) {
		return names, 0
	}
	return names, version
}
