import ServiceFiles

extension OpenAPIDocument {
    /// When clients last got tokens: ``LastUsesDocument``.
    func lastUsesPath(_ address: ListenAddress) -> String {
        let client = #"{"type": "string", "pattern": "^[ -~]+$", "maxLength": 256}"#
        let time = #"{"type": "string", "format": "date-time"}"#
        let document = #"""
            {
              "type": "object",
              "required": ["since", "clients"],
              "properties": {
                "since": {"description": "From this moment on uses are recorded.", "allOf": [\#(time)]},
                "clients": {
                  "type": "array",
                  "maxItems": \#(LastUsesDocument.clientLimit),
                  "items": {
                    "type": "object",
                    "required": ["client_id", "last_used"],
                    "properties": {"client_id": \#(client), "last_used": \#(time)},
                    "additionalProperties": false
                  }
                },
                "next": {"description": "If more clients follow: `after` of the next request.", "allOf": [\#(client)]}
              },
              "additionalProperties": false
            }
            """#
        let parameters = #"""
            [
              {
                "name": "after", "in": "query", "schema": \#(client),
                "description": "The clients that follow this one, in the order of their identifiers."
              }
            ]
            """#
        return managementPath(
            address, summary: "When registered clients last got tokens, a part of them in each answer.",
            parameters: parameters,
            [
                (200, "The clients that got tokens.", "application/json", document),
                (
                    404, "The query has something else than a client in `after`.", "application/json",
                    ##"{"$ref": "#/components/schemas/Refusal"}"##
                ),
            ])
    }
}
