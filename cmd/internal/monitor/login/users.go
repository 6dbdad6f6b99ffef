package login

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

// Role is what a visitor may do.
type Role string

const (
	// Look shows everything and changes nothing.
	Look Role = "look"
	// Act changes queues and tasks as well, where the site allows actions at all.
	Act Role = "act"
)

// Visitor is who sent a request that was admitted.
type Visitor struct {
	// Name is that of a user, empty where one password or a token admits all.
	Name string
	Role Role
	// Session tells that a cookie admitted the visitor, who can log out.
	Session bool
}

// visitorKey is the key of the visitor in the context of a request.
type visitorKey struct{}

// VisitorOf returns who sent the request of a context that [Login.Guard] has handed on. For
// any other context it is the zero value, whose role allows nothing.
func VisitorOf(ctx context.Context) Visitor {
	v, _ := ctx.Value(visitorKey{}).(Visitor)
	return v
}

// longestName is how many bytes a user's name may have: an address of e-mail has at most
// 254.
const longestName = 254

// Users are those whom the site knows, by name. The empty name is that of the one password,
// for which nobody is asked a name. [Password] and [ParseUsers] make them.
type Users map[string]account

// account is a user's hash, empty for one whom only a proxy admits, and role.
type account struct {
	hash string
	role Role
}

// ErrHash is matched where a password's hash cannot be used. The command then says how to
// make one.
var ErrHash = errors.New("the password's hash")

// Password returns the users of a site with one password and no names: whoever knows it may
// act. The error matches [ErrHash].
func Password(hash string) (Users, error) {
	if err := checkHash(hash); err != nil {
		return nil, err
	}
	return Users{"": {hash, Act}}, nil
}

// ParseUsers returns the users of a file with one line for each, name:hash:role, as in
// kim:$2a$12$…:act. A line without a hash, kim::act, is for a user whom only a trusted
// proxy admits. Empty lines, and those that begin with #, do not count. An error names the
// line, and has no hash in it; where the hash is at fault it matches [ErrHash].
//
// It computes each hash once, a quarter of a second at cost 12, to refuse that of the empty
// password.
func ParseUsers(text string) (Users, error) {
	users, number := make(Users), 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		parts := strings.Split(line, ":")
		if len(parts) != 3 {
			return nil, fmt.Errorf("line %d has %d parts, and must be name:hash:role", number, len(parts))
		}
		name, hash, role := parts[0], parts[1], Role(parts[2])
		_, twice := users[name]
		switch {
		case !validName(name):
			return nil, fmt.Errorf("line %d: the name %q must have 1 to %d printable bytes", number, name, longestName)
		case twice:
			return nil, fmt.Errorf("line %d: the name %s is there twice", number, name)
		case role != Look && role != Act:
			return nil, fmt.Errorf("line %d: the role %q of %s must be %s or %s", number, role, name, Look, Act)
		}
		if hash != "" {
			if err := checkHash(hash); err != nil {
				return nil, fmt.Errorf("line %d, %s: %w", number, name, err)
			}
		}
		users[name] = account{hash, role}
	}
	if len(users) == 0 {
		return nil, errors.New("it has no user; a line is name:hash:role")
	}
	return users, nil
}

// validName reports whether a name can be a user's. Names are told apart by their bytes, so
// those with blanks or invisible characters, which look like others, are refused.
func validName(name string) bool {
	return name != "" && len(name) <= longestName && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) })
}

// checkHash returns why a hash cannot be used, without the hash: whoever reads the log could
// try passwords against it. A usual mistake is a compose file that has eaten the $ of it.
func checkHash(hash string) error {
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil:
		return fmt.Errorf("%w is not a bcrypt hash", ErrHash)
	case cost < leastCost:
		return fmt.Errorf("%w has cost %d, at least %d is needed", ErrHash, cost, leastCost)
	case cost > mostCost:
		return fmt.Errorf("%w has cost %d, at most %d is allowed", ErrHash, cost, mostCost)
	case bcrypt.CompareHashAndPassword([]byte(hash), nil) == nil:
		return fmt.Errorf("%w is that of an empty password", ErrHash)
	}
	return nil
}

// Acts reports whether one of the users may act.
func (u Users) Acts() bool {
	for _, account := range u {
		if account.role == Act {
			return true
		}
	}
	return false
}

// single reports whether there is one password, without names.
func (u Users) single() bool { _, one := u[""]; return one }

// passwords reports whether a password admits anyone.
func (u Users) passwords() bool { return u.decoy() != "" }

// decoy returns a hash that stands for that of an unknown name: the answer then takes as
// long as for a known one, and does not tell names. It is empty if no user has a hash.
func (u Users) decoy() string {
	for _, account := range u {
		if account.hash != "" {
			return account.hash
		}
	}
	return ""
}

// right reports whether a password is that of a user. It computes one hash, whether the user
// is known or not.
func (u Users) right(name, password string) bool {
	// bcrypt looks at 72 bytes alone: of a longer password it would compare the beginning,
	// and accept it.
	if password == "" || len(password) > longest {
		return false
	}
	account, known := u[name]
	if account.hash == "" {
		account.hash, known = u.decoy(), false
	}
	return bcrypt.CompareHashAndPassword([]byte(account.hash), []byte(password)) == nil && known
}
