package iamporttest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

func ExampleParseRule() {
	rule, err := iamporttest.ParseRule("kcp:429x3=20%@5s")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rule.PG, rule.Fault, rule.Times, rule.Percent, rule.RetryAfter)
	// Output: kcp 429 3 20 5s
}

func ExampleServer() {
	portone := iamporttest.New(iamporttest.Config{
		OnCall: func(c iamporttest.Call) { fmt.Println(c.Operation, c.ImpUID, c.Tier) },
	})
	portone.Issue(iamporttest.Receipt{ImpUID: "imp_448280090638", PG: tasks.KCP})
	listener := httptest.NewServer(portone)
	defer listener.Close()
	defer portone.Close()

	call, err := http.NewRequest(http.MethodDelete, listener.URL+"/receipts/imp_448280090638", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	call.Header.Set("Tier", "A01")
	answer, err := http.DefaultClient.Do(call) // without a token
	if err != nil {
		fmt.Println(err)
		return
	}
	answer.Body.Close()
	truth, _ := portone.Truth("imp_448280090638")
	fmt.Println(answer.StatusCode, truth.Deletes, truth.Revoked())
	// Output:
	// revoke imp_448280090638 A01
	// 401 1 false
}
