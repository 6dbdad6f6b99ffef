package main

import (
	"hash/fnv"
	"io"
	"slices"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// unlisted gives an imp_uid that is on no list a receipt of a gateway on which
// it can be revoked, unless it falls to the given percentage.
func unlisted(percent int) func(string) (iamporttest.Receipt, bool) {
	gateways := slices.DeleteFunc(tasks.Gateways(), func(pg tasks.Gateway) bool { return pg == tasks.KICC })
	return func(impUID string) (iamporttest.Receipt, bool) {
		h := fnv.New32a()
		_, _ = io.WriteString(h, impUID)
		n := int(h.Sum32())
		return iamporttest.Receipt{PG: gateways[n%len(gateways)]}, n/len(gateways)%100 >= percent
	}
}
