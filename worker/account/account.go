// Package account sees to it that all workers of a namespace call PortOne with one
// account. A worker of another account would find none of the receipts, and bury what
// it was asked for.
package account

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed account_write.lua
var writeSource string

//go:embed account_accept.lua
var acceptSource string

var (
	writeScript  = redis.NewScript(writeSource)
	acceptScript = redis.NewScript(acceptSource)
)

// rollout is for how long the former account is good beside one that was accepted:
// workers are replaced one after the other, and some may have to go back.
const rollout = 24 * time.Hour

// ErrOther is matched where the workers of the namespace call PortOne with another
// account.
var ErrOther = errors.New("PortOne is called with another account by the workers")

// Account is how PortOne is called. [receiptrevoker/worker/iamport.Client] is one.
type Account interface {
	// Fingerprint returns a hash of the account under a key. It is slow, so that the account
	// is not found by trying.
	Fingerprint(key []byte) string
}

// Store keeps the account of a namespace in Redis, in the hash {namespace}:account.
type Store struct {
	client redis.UniversalClient
	key    string
	name   string
}

// NewStore returns the store of a namespace on client, which the caller closes.
func NewStore(client redis.UniversalClient, namespace string) *Store {
	return &Store{client: client, key: "{" + namespace + "}:account", name: namespace}
}

// Compare returns what an account is to the namespace. It changes nothing. The error
// matches [ErrOther] if the workers call with another account.
func (s *Store) Compare(ctx context.Context, a Account) (Standing, error) {
	known, now, err := s.read(ctx)
	if err != nil {
		return Standing{}, err
	}
	standing, ours := known.standing(a.Fingerprint([]byte(known.key)), now)
	if !ours {
		return standing, s.other()
	}
	return standing, nil
}

func (s *Store) other() error { return fmt.Errorf("%w of the namespace %s", ErrOther, s.name) }

// read returns what Redis holds, and its time.
func (s *Store) read(ctx context.Context) (known record, now time.Time, err error) {
	read := s.client.Pipeline()
	hash, clock := read.HGetAll(ctx, s.key), read.Time(ctx)
	if _, err := read.Exec(ctx); err != nil {
		return record{}, time.Time{}, fmt.Errorf("read the account of the namespace %s: %w", s.name, err)
	}
	is := hash.Val()
	until, _ := strconv.ParseInt(is["previous_until"], 10, 64) // what is no time is past
	return record{key: is["key"], current: is["current"], previous: is["previous"], until: time.UnixMilli(until)},
		clock.Val(), nil
}

// write writes an account where none is known.
func (s *Store) write(ctx context.Context, r record) (written bool, err error) {
	written, err = writeScript.Run(ctx, s.client, []string{s.key},
		r.key, r.current, r.previous, r.until.UnixMilli()).Bool()
	if err != nil {
		return false, fmt.Errorf("write the account of the namespace %s: %w", s.name, err)
	}
	return written, nil
}

// accept makes the account with a fingerprint under key the current one, and the current
// one the former; or prolongs the day of the former, where the account is that and prolong
// says so. It reports whether the account has become the current one.
func (s *Store) accept(ctx context.Context, key, fingerprint string, prolong bool) (bool, error) {
	said, err := acceptScript.Run(ctx, s.client, []string{s.key}, key, fingerprint, rollout.Milliseconds(), prolong).Text()
	if err != nil {
		return false, fmt.Errorf("accept the account in the namespace %s: %w", s.name, err)
	}
	return said == "accepted", nil
}
