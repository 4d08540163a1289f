package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
)

// The page's functions for go-oidc: a token a line, `yes` or `no`.
func main() {
	verifier, err := newVerifier(context.Background())
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if token, err := verify(context.Background(), verifier, lines.Text()); err != nil {
			fmt.Println("no", err)
		} else {
			fmt.Println("yes", token.Subject)
		}
	}
}
