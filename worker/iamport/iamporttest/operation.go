package iamporttest

import "time"

// Operation is what a call asks for.
type Operation string

// The operations that calls are counted by.
const (
	OpToken      Operation = "token"      // POST /users/getToken
	OpRevoke     Operation = "revoke"     // DELETE /receipts/{imp_uid}
	OpLookup     Operation = "lookup"     // GET /receipts/{imp_uid}
	OpExternal   Operation = "external"   // /receipts/external/{merchant_uid}, which this project must not touch
	OpRedirected Operation = "redirected" // a redirect of the fault [Redirect] was followed
	OpOther      Operation = "other"      // anything else
)

// Call is a request at the moment it arrived.
type Call struct {
	Operation Operation `json:"operation"`
	ImpUID    string    `json:"imp_uid,omitempty"` // empty unless it is a receipt's call
	Tier      string    `json:"tier,omitempty"`    // the header Tier: the sub-merchant
	At        time.Time `json:"at"`
}
