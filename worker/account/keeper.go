package account

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/worker/pace"
)

const (
	// watchEvery is how often a worker compares its account with the namespace's. A Redis
	// that was emptied knows none, and takes the account of the first worker that starts:
	// that must be none of another account. An idle worker does it as often as package pace says.
	watchEvery = 200 * time.Millisecond
	// admitEvery is how often at most a worker asks PortOne whether it accepts the account.
	admitEvery = time.Second
	// warnEvery is how often a worker with a former account says so.
	warnEvery = time.Hour
)

// Why no task is taken yet.
var (
	errNotCompared = errors.New("no task is taken before the account is compared with the namespace's")
	errRefused     = errors.New("no task is taken before PortOne accepts the account")
)

// API is how a worker calls PortOne. [receiptrevoker/worker/iamport.Client] is one.
type API interface {
	Account
	// Authenticate returns why PortOne does not accept the account, nil if it does.
	Authenticate(context.Context) error
}

// Keeper sees to it that a worker's account is its namespace's. [Keeper.Err] alone is safe
// for concurrent use.
type Keeper struct {
	Store *Store
	API   API
	// Accept makes the account take the place of another.
	Accept bool
	// Log is told what a person should know, and Complain what fails and is tried again.
	Log      *slog.Logger
	Complain func(error)
	// Pace tells how often it looks, nil for as often as that of a worker that works.
	Pace *pace.Pace

	err         atomic.Pointer[error] // why no task is taken; points to nil once the account is admitted
	seen        record                // what Redis held when the account was last good; empty before
	fingerprint string                // of the account, under hashKey
	hashKey     string
	warned      time.Time // when it was last said that the account is a former one
}

// Err returns why the worker takes no task yet, nil once the account was admitted.
func (k *Keeper) Err() error {
	if err := k.err.Load(); err != nil {
		return *err
	}
	return errNotCompared
}

// Admit returns nil once the account is the namespace's, or ctx is done, and an error
// that matches [ErrOther] if it is not. It waits for Redis, unless [redisfault.Permanent]
// says that waiting does not help. Where the namespace has no account yet, or a person
// accepts this one, it waits for PortOne, too: the key may be mistyped.
func (k *Keeper) Admit(ctx context.Context) error {
	waited := false
	paced := retry.WithCappedDuration(admitEvery, redisfault.Backoff())
	err := retry.Do(ctx, paced, func(ctx context.Context) error {
		err := k.admit(ctx)
		refused := errors.Is(err, errRefused)
		switch {
		case err == nil, errors.Is(err, ErrOther) && !k.Accept, !refused && redisfault.Permanent(err), ctx.Err() != nil:
			return err
		case !refused:
			k.Complain(err)
		case !waited:
			waited = true
			k.Log.Warn("waiting for PortOne", "namespace", k.Store.name, "error", err)
		}
		k.err.Store(&err)
		return retry.RetryableError(err)
	})
	if ctx.Err() != nil {
		return nil
	}
	if waited && err == nil {
		k.Log.Info("the account is the namespace's: tasks are taken")
	}
	k.err.Store(&err)
	return err
}

// Watch writes the account again where Redis lost it. It returns an error that matches
// [ErrOther] once the namespace is another account's, and nil when ctx is done. A person
// who accepts the account keeps it good.
func (k *Keeper) Watch(ctx context.Context) error {
	for {
		standing, err := k.look(ctx)
		switch {
		case k.Accept && (errors.Is(err, ErrOther) || standing.Former() && time.Until(standing.Until) < rollout/2):
			k.accept(ctx, true) // what fails is tried again at the next turn
		case errors.Is(err, ErrOther):
			return err
		case err == nil && standing.Former():
			k.warn(standing)
		}
		wait, woken := k.Pace.Next(watchEvery)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		case <-woken:
		}
	}
}

// admit makes the account the namespace's, where PortOne accepts it, if it is not yet.
func (k *Keeper) admit(ctx context.Context) error {
	standing, err := k.look(ctx)
	other := errors.Is(err, ErrOther)
	switch {
	case err != nil && !other, other && !k.Accept:
		return err
	case standing.Known && !k.Accept:
		return nil
	case standing.Known && !other && !standing.Former():
		k.Log.Warn("the account needs no accepting any more: leave that setting out, or it accepts the next one, too")
		return nil
	}
	if err := k.API.Authenticate(ctx); err != nil {
		return fmt.Errorf("%w: no token from PortOne: %w", errRefused, err)
	}
	if standing.Known {
		err = k.accept(ctx, false)
	} else {
		_, err = k.Store.write(ctx, record{key: k.hashKey, current: k.fingerprint})
	}
	if err != nil {
		return err
	}
	if standing, err = k.look(ctx); err == nil && !standing.Known {
		err = errors.New("the account was lost again")
	}
	return err
}

// look compares the account with the namespace's, and writes that again where Redis lost
// it. The error matches [ErrOther] if it is another.
func (k *Keeper) look(ctx context.Context) (Standing, error) {
	known, now, err := k.Store.read(ctx)
	if err == nil && known.current == "" && k.seen.current != "" {
		known, now, err = k.restore(ctx)
	}
	if err != nil {
		return Standing{}, err
	}
	if key := cmp.Or(known.key, k.hashKey, rand.Text()); key != k.hashKey {
		k.hashKey, k.fingerprint = key, k.API.Fingerprint([]byte(key))
	}
	standing, ours := known.standing(k.fingerprint, now)
	if !ours {
		return standing, k.Store.other()
	}
	if standing.Known {
		k.seen = known
	}
	return standing, nil
}

// restore writes what Redis held when the account was last good. PortOne is not asked: it
// has accepted that account.
func (k *Keeper) restore(ctx context.Context) (record, time.Time, error) {
	written, err := k.Store.write(ctx, k.seen)
	if err != nil {
		return record{}, time.Time{}, err
	}
	if written {
		k.Log.Warn("Redis had lost the namespace's account: it is written again")
	}
	return k.Store.read(ctx)
}

func (k *Keeper) accept(ctx context.Context, prolong bool) error {
	accepted, err := k.Store.accept(ctx, k.hashKey, k.fingerprint, prolong)
	if accepted {
		k.Log.Warn("this account takes the place of another, which is good for another day")
	}
	return err
}

// warn says now and then that the account is a former one.
func (k *Keeper) warn(s Standing) {
	if time.Since(k.warned) < warnEvery {
		return
	}
	k.warned = time.Now()
	todo := "where it shall stay, start one of its workers with --accept-account; the others stop when its day is over"
	if k.Accept {
		todo = "--accept-account of this worker prolongs its day: leave that setting out where it shall not stay"
	}
	k.Log.Warn("this account is the former one of the namespace: "+todo, "good_until", s.Until.UTC().Format(time.RFC3339))
}
