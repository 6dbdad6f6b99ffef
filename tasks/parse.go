package tasks

import (
	"encoding/json"
	"fmt"
)

// Parse returns the revocation that a payload asks for. Fields it does not
// know are ignored, so that producers may be newer than workers. Fields that
// are not required and cannot be read count as not given: a good imp_uid is not
// given up for a row in quotes. The gateway may have any name that [ParseGateway]
// knows. An error matches [ErrInvalid]; the revocation
// then holds what could be read.
func Parse(payload []byte) (Revocation, error) {
	var r Revocation
	if json.Unmarshal(payload, &r) != nil {
		var err error
		if r, err = parseLeniently(payload); err != nil {
			return r, err
		}
	}
	if pg, known := ParseGateway(string(r.PG)); known {
		r.PG = pg
	}
	return r, r.Validate()
}

// ParseTask returns what a task of a type, a payload and an ID asks for. Where that cannot
// be read, the error matches [ErrInvalid], and the revocation has the name of its task,
// as [Unreadable] makes it, by which its dead letter can be found.
func ParseTask(kind string, payload []byte, id string) (Revocation, error) {
	if kind != TypeRevoke {
		err := fmt.Errorf("%w: type %q is not %q", ErrInvalid, kind, TypeRevoke)
		return Revocation{ImpUID: Unreadable(id)}, err
	}
	revocation, err := Parse(payload)
	if err != nil {
		revocation.ImpUID = Unreadable(id)
	}
	return revocation, err
}

func parseLeniently(payload []byte) (Revocation, error) {
	var given struct {
		ImpUID string            `json:"imp_uid"`
		PG     optional[Gateway] `json:"pg"`
		Batch  optional[string]  `json:"batch"`
		Row    optional[int]     `json:"row"`
		// What narrows a request down must be read, or it would be widened.
		ApplyNum string `json:"apply_num"`
		Again    bool   `json:"again"`
		Tier     string `json:"tier"` // another one's receipt may have the same imp_uid
	}
	err := json.Unmarshal(payload, &given)
	r := Revocation{ImpUID: given.ImpUID, PG: given.PG.value, Batch: given.Batch.value, Row: given.Row.value}
	r.ApplyNum, r.Again, r.Tier = given.ApplyNum, given.Again, given.Tier
	if err != nil {
		return r, fmt.Errorf("%w: payload is not the JSON of a revocation: %w", ErrInvalid, err)
	}
	return r, nil
}

// optional is a field that has its zero value where it cannot be read.
type optional[T any] struct{ value T }

func (o *optional[T]) UnmarshalJSON(data []byte) error {
	var value T
	if json.Unmarshal(data, &value) != nil {
		value = *new(T) // some types are written to before they are refused
	}
	o.value = value
	return nil
}
