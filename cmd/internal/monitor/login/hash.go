package login

import (
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

const (
	// shortest is how many characters a new password must have: whoever reaches the port
	// may guess. Only [Hash] checks it, so a hash that was made elsewhere may have a
	// shorter one.
	shortest = 12
	// longest is how many bytes bcrypt looks at. A Korean character has three, so that 24
	// of them are the longest password.
	longest = 72
	// cost is bcrypt's for new hashes: about a quarter of a second for each try, ours and a
	// guesser's.
	cost = 12
	// leastCost is that of a hash with which a thief of it tries some twenty passwords a
	// second on one core; each step below doubles that.
	leastCost = 10
	// mostCost is that of a hash that a login takes four seconds to compare with: each step
	// doubles the time, so that it is sixteen times that of 12. With a higher one a few
	// logins could occupy the machine.
	mostCost = 16
)

// Hash returns the bcrypt hash of a password, or an error that says what is wrong with it,
// without the password. Two hashes of one password differ, by bcrypt's salt.
func Hash(password string) (string, error) {
	switch n := utf8.RuneCountInString(password); {
	case n < shortest:
		return "", fmt.Errorf("the password has %d characters, at least %d are needed", n, shortest)
	case len(password) > longest:
		return "", fmt.Errorf("the password has %d bytes, at most %d are allowed", len(password), longest)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return "", fmt.Errorf("hash the password: %w", err)
	}
	return string(hash), nil
}
