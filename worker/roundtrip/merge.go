package roundtrip

import (
	"context"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"
)

// merged is a command that is sent, and the calls that it stands for.
type merged struct {
	cmd   *redis.Cmd
	calls []*call
}

// merge returns the commands to send for calls, in their order: of scripts of which many share a call, one for up to
// mostMerged of them.
func (s *Shared) merge(calls []*call) []*merged {
	all := make([]*merged, 0, len(calls))
	open := make(map[group]*merged) // those to which calls are added
	for _, c := range calls {
		is, merges := s.group(c)
		m := open[is]
		if m == nil || len(m.calls) == mostMerged || !m.calls[0].alike(c) {
			m = &merged{cmd: c.cmd}
			all = append(all, m)
			if merges {
				open[is] = m
			}
		}
		m.calls = append(m.calls, c)
	}
	for _, m := range all {
		if len(m.calls) > 1 {
			m.join(s.ctx)
		}
	}
	return all
}

// group is what calls that become one have in common, but for further keys: hash, first key and first argument.
type group struct{ hash, key, first any }

// group returns what a call has in common with others, and whether it may become one with them.
func (s *Shared) group(c *call) (is group, merges bool) {
	args := c.cmd.Args()
	hash, _ := args[1].(string)
	if c.cmd.Name() != "evalsha" || !s.merges[hash] {
		return group{}, false
	}
	return group{hash, args[3], args[c.own()]}, true
}

// alike tells whether two calls of a script have the same keys and the same first argument.
func (c *call) alike(other *call) bool {
	own := c.own() + 1
	return c.own() == other.own() && slices.Equal(c.cmd.Args()[2:own], other.cmd.Args()[2:own])
}

// own returns where a script's own arguments begin.
func (c *call) own() int { return 3 + c.keys }

// join makes one command of calls: the first one, with the arguments of the others but for the first behind its own.
func (m *merged) join(ctx context.Context) {
	first := m.calls[0]
	args := slices.Clone(first.cmd.Args())
	for _, c := range m.calls[1:] {
		args = append(args, c.cmd.Args()[c.own()+1:]...)
	}
	m.cmd = redis.NewCmd(ctx, args...)
	m.cmd.SetFirstKeyPos(3)
}

// errReplies is what calls fail with that do not get what they come to.
var errReplies = errors.New("a script that many calls share did not reply to each")

// share gives calls what they came to.
func (m *merged) share() {
	if len(m.calls) == 1 {
		return // the command is the call's own
	}
	replies, err := m.cmd.Slice()
	if err == nil && len(replies) != len(m.calls) {
		err = errReplies
	}
	for i, c := range m.calls {
		if err != nil {
			c.cmd.SetErr(err)
			continue
		}
		c.cmd.SetVal(replies[i : i+1 : i+1])
	}
}
