package redisfault

import (
	"regexp"
	"slices"
	"strings"
)

// RightsError says what Redis does not allow its user, or does not know. No repetition helps. It is
// matched with [errors.As]; its advice is the ACL SETUSER that gives the rights.
type RightsError struct {
	User string // the user's name in Redis
	Role string // the user in deploy/redis/users.acl that has all rights that are needed, if that is known
	// Commands are those that the user may not run, Unknown those that this Redis does not
	// know, and Keys the patterns of the keys that the user may not access.
	Commands, Unknown, Keys []string
}

// named finds the command that Redis refuses, where the error names one. It does not in a script before
// Valkey, nor of keys. Servers say "this user" or "User few".
var named = regexp.MustCompile("(?:permissions to run the|ERR [Uu]nknown command) ['`]([a-zA-Z_|-]+)['`]")

// Refused returns what an error of Redis says that a user may not run, or that Redis does not
// know. It is nil where the error says no such thing, or names no command.
func Refused(err error, user string) *RightsError {
	fault := Of(err)
	if fault != NoPerm && fault != UnknownCommand {
		return nil
	}
	found := named.FindStringSubmatch(err.Error())
	if found == nil {
		return nil
	}
	refused := &RightsError{User: user}
	if fault == NoPerm {
		refused.AddCommand(found[1])
	} else {
		refused.AddUnknown(found[1])
	}
	return refused
}

// AddCommand enters a command that the user may not run, once.
func (e *RightsError) AddCommand(name string) { e.Commands = added(e.Commands, strings.ToUpper(name)) }

// AddUnknown enters a command that this Redis does not know.
func (e *RightsError) AddUnknown(name string) { e.Unknown = added(e.Unknown, strings.ToUpper(name)) }

// AddKeys enters a pattern of keys that the user may not access.
func (e *RightsError) AddKeys(pattern string) { e.Keys = added(e.Keys, pattern) }

// added returns all with one, which is not repeated.
func added(all []string, one string) []string {
	if slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}

// Any reports whether anything is missing.
func (e *RightsError) Any() bool { return len(e.Commands)+len(e.Unknown)+len(e.Keys) > 0 }

func (e *RightsError) Error() string {
	var parts []string
	if len(e.Unknown) > 0 {
		parts = append(parts, "redis does not know "+strings.Join(e.Unknown, ", "))
	}
	var denied []string
	if len(e.Commands) > 0 {
		denied = append(denied, "to run "+strings.Join(e.Commands, ", "))
	}
	if len(e.Keys) > 0 {
		denied = append(denied, "to access the keys "+strings.Join(e.Keys, ", "))
	}
	if len(denied) > 0 {
		parts = append(parts, "redis does not allow its user "+e.User+" "+strings.Join(denied, " and "))
	}
	return strings.Join(parts, "; ")
}

// advice returns what to set: for a Cluster on every node, since users are not part of what its nodes
// share.
func (e *RightsError) advice() string {
	var set []string
	if len(e.Unknown) > 0 {
		set = append(set, setKnown)
	}
	if len(e.Commands)+len(e.Keys) > 0 {
		words := []string{"ACL SETUSER", e.User}
		for _, command := range e.Commands {
			words = append(words, "+"+strings.ToLower(command))
		}
		for _, pattern := range e.Keys {
			words = append(words, "~"+pattern)
		}
		rights := "the rights of the runbook's list"
		if e.Role != "" {
			rights = "the rights of " + e.Role + " in the runbook's list"
		}
		set = append(set, strings.Join(words, " ")+" on every node, or "+rights)
	}
	return strings.Join(set, "; ")
}
