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

// node is a Redis that takes writes, with what it says of itself. INFO is read once and
// serves several checks.
type node struct {
	// name is its address if it is one of several, empty otherwise: findings name a node
	// only where it matters which.
	name   string
	client *redis.Client
	// info has the fields of INFO, nil if INFO does not tell.
	info map[string]string
	// forbidden is why INFO does not tell, in words for a finding.
	forbidden string
	// silent is why the node does not answer at all; its other fields are then empty.
	silent error
}

// masters returns every master, in the order of addresses, each with its INFO or its
// silence. An error means that the nodes of a Cluster cannot be listed.
func (d *doctor) masters(ctx context.Context) ([]*node, error) {
	var nodes []*node
	switch client := d.Redis.(type) {
	case *redis.ClusterClient:
		// go-redis calls the function for all masters at once.
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
	// Two runs report the nodes in the same order.
	slices.SortFunc(nodes, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	var asking sync.WaitGroup
	// The nodes are asked at once: one without an answer must not use up the time of the
	// others.
	for _, n := range nodes {
		asking.Go(func() { n.ask(ctx) })
	}
	asking.Wait()
	return nodes, nil
}

// ask reads INFO, if the node answers. It has a third of [patience] for that, so that the
// rest remains for the node's settings.
func (n *node) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience/3)
	defer cancel()
	// An error that Redis itself says is an answer, such as LOADING or NOPERM: the node is
	// there.
	var answer redis.Error
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

// fields reads the name:value pairs of INFO; its headings, "# Server", have no colon and
// are passed over.
func fields(text, separator string) map[string]string {
	values := make(map[string]string)
	for line := range strings.SplitSeq(text, separator) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			values[name] = value
		}
	}
	return values
}

// refusal says why a command does not tell. One that Redis does not know was probably
// renamed, so that no user may call it: providers of managed Redis do so, and it counts as
// forbidden.
func refusal(command string, err error) string {
	if fault := redisfault.Of(err); fault == redisfault.NoPerm || fault == redisfault.UnknownCommand {
		return "not allowed to look: " + command + " is forbidden"
	}
	return command + " does not answer: " + err.Error()
}

// number returns a number that INFO tells, and false if it does not: some providers leave
// lines of INFO out.
func (n *node) number(name string) (int64, bool) {
	value, err := strconv.ParseInt(n.info[name], 10, 64)
	return value, err == nil
}

// setting returns a setting of CONFIG GET, or in words why it is not known. Where CONFIG is
// forbidden a check says so and does not guess.
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

// of returns a finding as one on this node.
func (n *node) of(f Finding) Finding {
	f.Node = n.name
	return f
}

func (n *node) ok(check, found string) Finding            { return n.of(ok(check, found)) }
func (n *node) unknown(check, found string) Finding       { return n.of(unknown(check, found)) }
func (n *node) warning(check, found, mend string) Finding { return n.of(warning(check, found, mend)) }

func (n *node) failure(check, found, mend string) Finding { return n.of(failure(check, found, mend)) }

// unseen is the finding of a check that needs what INFO does not tell: it was refused, or
// lacks the line.
func (n *node) unseen(check string) Finding {
	return n.unknown(check, cmp.Or(n.forbidden, "INFO does not tell"))
}
