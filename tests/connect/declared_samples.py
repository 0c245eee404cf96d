"""Three APIs as connector files: what a person writes (at most 30 lines each), and what the APIs answer."""

HUBSPOT = """\
connector: hubspot_deals
title: HubSpot deals
config:
  token: {secret: true, help: Private app token with crm.objects.deals.read.}
base_url: https://api.hubapi.com
auth: {bearer: token}
limits: {per_second: 4}
check: /account-info/v3/details
history: window
query:
  stage: {type: string, help: Internal name of the deal stage.}
request:
  method: POST
  path: /crm/v3/objects/deals/search
  json:
    limit: 100
    filterGroups:
      - filters:
          - {propertyName: dealstage, operator: EQ, value: "{query.stage}"}
          - {propertyName: closedate, operator: GTE, value: "{window.start:ms}"}
          - {propertyName: closedate, operator: LT, value: "{window.end:ms}"}
paginate: {cursor: paging.next.after, into: json.after}
rows: results
value: {agg: sum, of: properties.amount}
"""
HUBSPOT_EXAMPLE = """\
example:
  settings: {token: canary-4711}
  query: {stage: closedwon}
  replies:
    - body: {total: 2, results: [{properties: {amount: "10.50"}}, {properties: {amount: "5"}}]}
  value: 15.50
  empty: {replies: [{body: {total: 0, results: []}}]}
  bad_query:
    query: {stage: clsedwon}
    replies: [{status: 400, body: {message: no such stage}, containing: [clsedwon]}]
  pages:
    value: 6
    replies:
      - body: {results: [{properties: {amount: "1"}}], paging: {next: {after: "100"}}}
      - body: {results: [{properties: {amount: "2"}}], paging: {next: {after: "200"}}}
        containing: ['"after": "100"']
      - body: {results: [{properties: {amount: "3"}}]}
        containing: ['"after": "200"']
  edges:
    value: 7
    replies:
      - body: {results: [{properties: {amount: "7"}}]}
        containing: ['"GTE", "value": 1790812800000', '"LT", "value": 1793491200000']
  batch:
    - {value: 1, query: {stage: open}, replies: [{body: {results: [{properties: {amount: "1"}}]},
       containing: ['"open"']}]}
    - {value: 2, query: {stage: lost}, replies: [{body: {results: [{properties: {amount: "2"}}]},
       containing: ['"lost"']}]}
"""

GITHUB = """\
connector: github_issues
title: GitHub issues
config:
  token: {secret: true, help: "Fine-grained token with Issues: read."}
base_url: https://api.github.com
auth: {bearer: token}
scopes: ["Issues: read"]
limits: {per_second: 0.5, at_once: 1}
check: /user
query:
  repo: {help: Owner and name of the repository., example: acme/shop}
  label: {help: Label that the issues carry., default: bug}
request:
  path: /search/issues
  params:
    q: "repo:{query.repo} is:issue label:{query.label} created:{window.start:date}..{window.last_day}"
    per_page: 1
  headers: {Accept: application/vnd.github+json, X-GitHub-Api-Version: "2022-11-28"}
value: {pick: total_count}
grain: day
"""
GITHUB_EXAMPLE = """\
example:
  settings: {token: canary-4711}
  query: {repo: acme/shop}
  replies: [{body: {total_count: 12, incomplete_results: false, items: [{number: 1}]}}]
  value: 12
  check: [{body: {login: ann}}]
  empty: {replies: [{body: {total_count: 0, incomplete_results: false, items: []}}], value: 0}
  bad_query:
    query: {repo: acme/shpo}
    replies: [{status: 422, body: {message: Validation Failed}, containing: [acme/shpo]}]
  edges:
    value: 3
    replies: [{body: {total_count: 3}, containing: ["created:2026-10-01..2026-10-31"]}]
  batch:
    - {value: 1, query: {repo: acme/shop, label: a}, replies: [{body: {total_count: 1}, containing: ["label:a "]}]}
    - {value: 2, query: {repo: acme/shop, label: b}, replies: [{body: {total_count: 2}, containing: ["label:b "]}]}
"""

ACME = """\
connector: acme_orders
title: Orders of the Acme shop
config:
  client_id: {help: ID of the program at Acme.}
  client_secret: {secret: true, help: Secret of the program at Acme.}
base_url: https://api.acme.test/v2
auth:
  client_credentials: {token_url: "https://login.acme.test/oauth/token", scopes: [orders.read]}
check: /me
query:
  status: {type: choice, choices: [paid, shipped], default: paid, help: Which orders.}
  at_least: {type: number, default: 0, help: Worth at least so much., example: 100}
request:
  path: /orders
  params:
    {status: "{query.status}", min: "{query.at_least}", from: "{window.start}", before: "{window.end}", limit: 200}
paginate: {cursor: page.next, into: params.cursor}
rows: orders
value: {agg: sum, of: total}
"""
ACME_EXAMPLE = """\
example:
  settings: {client_id: okrsync, client_secret: canary-4711}
  replies: [{body: {orders: [{total: 10}, {total: 2.5}]}, path: /orders}]
  value: 12.5
  tokens: [{path: /oauth/token, body: {access_token: issued-canary-1, expires_in: 3600}}]
  check: [{body: {name: okrsync}}]
  empty: {replies: [{body: {orders: []}}]}
  bad_query: {query: {at_least: -1}, replies: [{status: 400, body: {error: min}, containing: [min=-1]}]}
  edges:
    value: 1
    replies: [{body: {orders: [{total: 1}]}, containing: ["from=2026-10-01T00:00:00Z", "before=2026-11-01T00:00:00Z"]}]
  pages:
    value: 6
    replies:
      - {body: {orders: [{total: 1}], page: {next: a}}}
      - {body: {orders: [{total: 2}], page: {next: b}}, containing: [cursor=a]}
      - {body: {orders: [{total: 3}]}, containing: [cursor=b]}
  batch:
    - {value: 1, query: {at_least: 1}, replies: [{body: {orders: [{total: 1}]}, containing: ["min=1&"]}]}
    - {value: 2, query: {at_least: 2}, replies: [{body: {orders: [{total: 2}]}, containing: ["min=2&"]}]}
"""

FILES = {
    "hubspot_deals": HUBSPOT + HUBSPOT_EXAMPLE,
    "github_issues": GITHUB + GITHUB_EXAMPLE,
    "acme_orders": ACME + ACME_EXAMPLE,
}
