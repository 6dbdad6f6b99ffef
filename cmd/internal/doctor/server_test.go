package doctor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/doctor"
)

func TestBadSettingsOfRedis(t *testing.T) {
	t.Parallel()
	appendOnly := []string{"--appendonly", "yes"}
	for name, test := range map[string]struct {
		args  []string
		check string
		want  wanted
	}{
		"allkeys-lru":    {append(appendOnly, "--maxmemory-policy", "allkeys-lru"), "eviction", wanted{doctor.Failure, "is allkeys-lru"}},
		"volatile-ttl":   {append(appendOnly, "--maxmemory-policy", "volatile-ttl"), "eviction", wanted{doctor.Failure, "is volatile-ttl"}},
		"no persistence": {nil, "persistence", wanted{doctor.Failure, "no snapshots are made"}},
		"snapshots":      {[]string{"--save", "3600 1"}, "persistence", wanted{doctor.Failure, "save 3600 1"}},
		"no fsync":       {append(appendOnly, "--appendfsync", "no"), "persistence", wanted{doctor.Warning, "appendfsync no"}},
		"every write":    {append(appendOnly, "--appendfsync", "always"), "persistence", wanted{doctor.OK, "every write"}},
		"no replicas":    {append(appendOnly, "--min-replicas-to-write", "1"), "writes", wanted{doctor.Failure, "bring a replica back"}},
		"takes no tasks": {append(appendOnly, "--maxmemory", "100kb"), "writes", wanted{doctor.Failure, "memory is full"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			examineServer(t, test.args...).want(t, test.check, test.want)
		})
	}
}

func TestTrialOfWritesLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	examine(t, config(client)).want(t, "writes", wanted{doctor.OK, "takes writes"})
	const none = -2 // the key's life is over already
	if left := client.PTTL(t.Context(), "{receipt}:doctor").Val(); left > time.Second || left < 0 && left != none {
		t.Errorf("its key lives for %v", left)
	}
}

func TestReplicaIsNoPlaceToWriteTo(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	found := examine(t, config(replica.Client(t)))
	found.want(t, "writes", wanted{doctor.Failure, "READONLY"})

	found = examine(t, config(master.Client(t)))
	found.want(t, "persistence", wanted{doctor.Warning, "1 replica has a copy"})
}

// TestManagedRedis examines with users that may do less and less.
func TestManagedRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--maxmemory-policy", "allkeys-lru")
	for name, test := range map[string]struct {
		rights string
		want   map[string]wanted
	}{
		"no CONFIG": {"+@all -config", map[string]wanted{
			"persistence": {doctor.OK, "not allowed to look: CONFIG is forbidden"},
			"eviction":    {doctor.Failure, "is allkeys-lru"},
		}},
		"no INFO": {"+@all -info", map[string]wanted{
			"version":     {doctor.OK, "Redis "},
			"persistence": {doctor.Unknown, "not allowed to look: INFO is forbidden"},
			"eviction":    {doctor.Failure, "is allkeys-lru"},
			"replication": {doctor.Unknown, "not allowed to look"},
		}},
		"neither": {"+@all -info -config", map[string]wanted{
			"eviction": {doctor.Unknown, "CONFIG is forbidden"},
			"writes":   {doctor.OK, "takes writes"},
		}},
		"no scripts on servers": {"+@all -zrangebyscore", map[string]wanted{
			"queues":  {doctor.Unknown, "not allowed to look: reading Asynq's servers is forbidden"},
			"paused":  {doctor.OK, "no queue is paused"},
			"archive": {doctor.OK, "at most 0"},
			"strays":  {doctor.OK, "no task of ours"},
		}},
		"nothing": {"-@all +ping", map[string]wanted{
			"queues":  {doctor.Unknown, "not allowed to look"},
			"overdue": {doctor.Unknown, "not allowed to look"},
			"writes":  {doctor.Failure, "the rights of the runbook's list"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user := strings.ReplaceAll(name, " ", "-")
			c := config(asUser(t, server, user, test.rights))
			c.Failover = true
			found := examine(t, c)
			for check, want := range test.want {
				found.want(t, check, want)
			}
		})
	}
}

// Some who offer Redis leave lines of INFO out.
func TestInfoThatDoesNotTell(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t, "--appendonly", "yes").Client(t)
	client.AddHook(altered(func(cmd redis.Cmder) {
		if reply, ok := cmd.(*redis.StringCmd); ok && cmd.Name() == "info" {
			reply.SetVal("# Server\r\n")
		}
	}))
	examine(t, config(client)).want(t, "persistence", wanted{doctor.Unknown, "INFO does not tell"})
}

// altered changes replies on their way.
type altered func(redis.Cmder)

func (altered) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a altered) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		a(cmd)
		return err
	}
}

func (altered) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestOldRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes")
	for version, level := range map[string]doctor.Level{
		"2.8.24": doctor.Failure, "5.0.14": doctor.Failure, "6.0.16": doctor.Failure, "6.2.0": doctor.OK, "7.0.15": doctor.OK,
		"10.1.0": doctor.OK, "255.255.255": doctor.OK,
	} {
		client := server.Client(t)
		client.AddHook(altered(func(cmd redis.Cmder) {
			if reply, ok := cmd.(*redis.StringCmd); ok && cmd.Name() == "info" {
				own, _, _ := strings.Cut(strings.SplitN(reply.Val(), "redis_version:", 2)[1], "\r")
				reply.SetVal(strings.Replace(reply.Val(), "redis_version:"+own, "redis_version:"+version, 1))
			}
		}))
		examine(t, config(client)).want(t, "version", wanted{level, "Redis " + version})
	}
}
