package doctor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
)

// node is a Redis that takes writes.
type node struct {
	name      string // its address if it is one of several
	client    *redis.Client
	info      map[string]string // as INFO tells, empty if it does not
	forbidden string            // why INFO does not tell
	silent    error             // why nothing is told
}

// masters returns every master, by address.
func (d *doctor) masters(ctx context.Context) ([]*node, error) {
	var nodes []*node
	switch client := d.Redis.(type) {
	case *redis.ClusterClient:
		var mu sync.Mutex
		err := client.ForEachMaster(ctx, func(_ context.Context, master *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			nodes = append(nodes, &node{name: master.Options().Addr, client: master})
			return nil
		})
		if err != nil {
			return nil, err
		}
	case *redis.Client:
		nodes = []*node{{client: client}}
	}
	slices.SortFunc(nodes, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	var asking sync.WaitGroup
	for _, n := range nodes {
		asking.Go(func() { n.ask(ctx) })
	}
	asking.Wait()
	return nodes, nil
}

// ask reads INFO, if the node answers.
func (n *node) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience/3)
	defer cancel()
	var answer redis.Error // whatever it says, it does answer
	if err := n.client.Ping(ctx).Err(); err != nil && !errors.As(err, &answer) {
		n.silent = err
		return
	}
	text, err := n.client.Info(ctx).Result()
	if err != nil {
		n.forbidden = refusal("INFO", err)
		return
	}
	n.info = fields(text, "\n")
}

// fields reads name:value pairs.
func fields(text, separator string) map[string]string {
	values := make(map[string]string)
	for line := range strings.SplitSeq(text, separator) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			values[name] = value
		}
	}
	return values
}

// refusal says why a command does not tell. One that was renamed, so that nobody may
// call it, is unknown.
func refusal(command string, err error) string {
	if fault := redisfault.Of(err); fault == redisfault.NoPerm || fault == redisfault.UnknownCommand {
		return "not allowed to look: " + command + " is forbidden"
	}
	return command + " does not answer: " + err.Error()
}

// number returns a number that INFO tells, and false if it does not.
func (n *node) number(name string) (int64, bool) {
	value, err := strconv.ParseInt(n.info[name], 10, 64)
	return value, err == nil
}

// setting returns a setting, or why it is not known.
func (n *node) setting(ctx context.Context, name string) (value, unknown string) {
	values, err := n.client.ConfigGet(ctx, name).Result()
	if err != nil {
		return "", refusal("CONFIG", err)
	}
	if value, ok := values[name]; ok {
		return value, ""
	}
	return "", "this Redis has no setting " + name
}

// of is a finding on this node.
func (n *node) of(f Finding) Finding {
	f.Node = n.name
	return f
}

func (n *node) ok(check, found string) Finding            { return n.of(ok(check, found)) }
func (n *node) unknown(check, found string) Finding       { return n.of(unknown(check, found)) }
func (n *node) warning(check, found, mend string) Finding { return n.of(warning(check, found, mend)) }

func (n *node) failure(check, found, mend string) Finding { return n.of(failure(check, found, mend)) }

// unseen is the finding of a check that needs what INFO does not tell.
func (n *node) unseen(check string) Finding {
	return n.unknown(check, cmp.Or(n.forbidden, "INFO does not tell"))
}
