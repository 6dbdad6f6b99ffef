// Package iamporttest is a simulated PortOne V1 in memory that misbehaves when
// told to. It answers the calls that concern cash receipts, keeps the truth
// about every receipt, and can fail in each of the ways a client must survive.
//
// A [Server] is an [http.Handler] and does not listen:
//
//	portone := iamporttest.New(iamporttest.Config{})
//	portone.Issue(iamporttest.Receipt{ImpUID: "imp_448280090638", PG: tasks.KCP})
//	listener := httptest.NewServer(portone)
//	defer listener.Close()
//	defer portone.Close() // runs first, and ends every wait
//
// What the API leaves undocumented is varied on purpose: optional fields are
// absent, null or zero, some amounts are texts, and every answer carries fields that
// no documentation names. The faults that cut a connection need a real one; they panic
// with [http.ErrAbortHandler], as net/http asks for.
package iamporttest
