#pragma once

// A PKCS#11 module with one token, whose faults a test chooses. All state is of the process: tests take turns.
//
// The token has four keys, "rsa", "p256", "p384" and "ed25519", whose identifiers are 1 to 4. Its label is "Fake", its serial
// number 42, its slot 7 and its PIN 1234.
//
// As a shared object (`clang -shared -fPIC -I Tests/FakeToken/include Tests/FakeToken/FakeToken.c -lcrypto`) it is a module for
// programs. FAKE_TOKEN_KEYS then names a file that keeps the keys between processes, and FAKE_TOKEN_FAULTS a file that is read at
// each call, with lines of a name and a number: `present 0`, `wrong_signature 1`, `delay 500` (milliseconds of each C_Sign),
// `C_Sign 0x32` (what the function returns).

enum FakeTokenSetting {
    // Whether the token is in its slot.
    FakeToken_present,
    // How many sessions there may be; 0 for any number.
    FakeToken_sessionLimit,
    // Whether signatures are wrong.
    FakeToken_wrongSignatures,
    FakeToken_loginRequired,
    // Whether the device asks for the PIN.
    FakeToken_asksForPIN,
    // Whether each signature needs a login: CKA_ALWAYS_AUTHENTICATE.
    FakeToken_alwaysAuthenticate,
    // Whether the mechanisms that hash are missing.
    FakeToken_withoutHashing,
    // Whether the only mechanisms for P-256 and P-384 are those that hash.
    FakeToken_hashesForECDSA,
    // Whether there is no mechanism for Ed25519.
    FakeToken_withoutEdDSA,
    // Whether there are no public key objects.
    FakeToken_withoutPublicObjects,
    // Whether private keys have CKA_PUBLIC_KEY_INFO.
    FakeToken_publicKeyInfo,
    // Whether points stand bare, without an OCTET STRING around them.
    FakeToken_barePoints,
    // Whether each function but C_Finalize and C_Initialize fails until the module is initialized again.
    FakeToken_broken,
    // Whether no keys are found until the module is initialized again.
    FakeToken_emptied,
    // Whether one more wrong PIN locks the token.
    FakeToken_finalTry,
    // The label of the token: 0 for "Fake", 1 for one with control characters.
    FakeToken_strangeLabel,
    // Whether another slot has an initialized token with the same label.
    FakeToken_twin,
    FakeToken_settingCount
};

// A CK_FUNCTION_LIST.
void *FakeToken_functions(void);

// As at the beginning, with no sessions and no other keys.
void FakeToken_reset(void);

void FakeToken_set(enum FakeTokenSetting setting, long value);

// Lets the next calls of a function return a value.
void FakeToken_fail(const char *function, unsigned long value, unsigned count);

// Lets calls of a function wait for FakeToken_release.
void FakeToken_block(const char *function);
void FakeToken_release(void);

// How many calls wait now.
unsigned FakeToken_blockedCount(void);

// How often a function was called since the last reset.
unsigned FakeToken_calls(const char *function);

void FakeToken_setPIN(const char *pin);

// Ends all sessions without telling anybody.
void FakeToken_endSessions(void);

// Forgets that the user is logged in.
void FakeToken_logOut(void);

// Gives all objects other handles.
void FakeToken_renumber(void);

// How many objects and sessions there are.
unsigned FakeToken_objectCount(void);
unsigned FakeToken_sessionCount(void);

// Adds a copy of the key with identifier `id`, with another identifier and the label of the key with identifier `namesake`.
void FakeToken_copy(unsigned char id, unsigned char newID, unsigned char namesake);
