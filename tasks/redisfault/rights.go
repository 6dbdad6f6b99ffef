package redisfault

import (
	"slices"
	"strings"
)

// RightsError says what Redis does not let its user do, or does not know. No repetition
// helps.
type RightsError struct {
	User string // the user's name in Redis
	Role string // the user in deploy/redis/users.acl that has all rights that are needed
	// Commands are those that the user may not run, Unknown those that this Redis does not
	// know, and Keys the patterns of the keys that the user may not access.
	Commands, Unknown, Keys []string
}

// AddCommand enters a command that the user may not run.
func (e *RightsError) AddCommand(name string) { e.Commands = added(e.Commands, strings.ToUpper(name)) }

// AddUnknown enters a command that this Redis does not know.
func (e *RightsError) AddUnknown(name string) { e.Unknown = added(e.Unknown, strings.ToUpper(name)) }

// AddKeys enters a pattern of keys that the user may not access.
func (e *RightsError) AddKeys(pattern string) { e.Keys = added(e.Keys, pattern) }

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

// advice returns what to set.
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
		set = append(set, strings.Join(words, " ")+" on every node, or the rights of "+e.Role+" in the runbook's list")
	}
	return strings.Join(set, "; ")
}
