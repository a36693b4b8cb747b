// Made by `npm run schema` from /openapi.json. Do not edit.

export interface paths {
    "/api/v3/contents/generations/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List video tasks
         * @description Lists the tenant's tasks as stored, newest first.
         */
        get: operations["list_tasks"];
        put?: never;
        /**
         * Create a video task
         * @description Creates a video task; with ``dry_run=true`` only validates it and tells what it will cost at most.
         */
        post: operations["create_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/contents/generations/tasks/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Query a video task
         * @description Returns one task; ``X-Seedgate-Stale`` is the age in seconds of a stale answer.
         */
        get: operations["get_task"];
        put?: never;
        post?: never;
        /**
         * Cancel or delete a video task
         * @description Cancels a queued task, removes a finished one; an optional body is ignored unless it asks for a dry run.
         */
        delete: operations["delete_task"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/CreateAssetGroup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create an asset group */
        post: operations["CreateAssetGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/ListAssetGroups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** List asset groups */
        post: operations["ListAssetGroups"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/GetAssetGroup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Show an asset group */
        post: operations["GetAssetGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/UpdateAssetGroup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change an asset group's name or description */
        post: operations["UpdateAssetGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/DeleteAssetGroup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Delete an asset group and all its assets */
        post: operations["DeleteAssetGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/CreateAsset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Create an asset from a URL */
        post: operations["CreateAsset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/ListAssets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** List assets */
        post: operations["ListAssets"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/GetAsset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Show an asset, with a freshly signed URL */
        post: operations["GetAsset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/UpdateAsset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change an asset's name */
        post: operations["UpdateAsset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/DeleteAsset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Delete an asset */
        post: operations["DeleteAsset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/CreateVisualValidateSession": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Open a face verification */
        post: operations["CreateVisualValidateSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/open/GetVisualValidateResult": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Fetch the group that a face verification yielded */
        post: operations["GetVisualValidateResult"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/assets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Call an Assets action by name
         * @description Calls the action that the query names; responds with the bare result.
         */
        post: operations["call_asset_action"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Call an Assets action in the native OpenAPI form
         * @description Calls the action that the query names; responds with ``{ResponseMetadata, Result}``.
         *
         *     In addition to API keys this entry takes requests that are signed with a signing key (HMAC-SHA256).
         */
        post: operations["call_asset_action_natively"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/whoami": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tenant, key and rights of the caller
         * @description Returns the caller's tenant, its key without the secret, and what it may use; null means everything.
         */
        get: operations["whoami"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tokens and cost of the caller's tenant
         * @description Sums the tenant's tasks that have ended, of all its keys, one row for each group and currency.
         *
         *     `budgets` and `unfinished_tasks` are what limits the caller now, on every page.
         */
        get: operations["own_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List models
         * @description Lists the models that the key may use and that a channel of the key serves.
         */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List models
         * @description Lists the models that the key may use and that a channel of the key serves.
         */
        get: operations["list_models_of_openai"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v3/models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Query a model
         * @description Returns one model that the key may use, by its name or an alias.
         */
        get: operations["get_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Query a model
         * @description Returns one model that the key may use, by its name or an alias.
         */
        get: operations["get_model_of_openai"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List videos
         * @description Lists the tenant's videos as stored, of both dialects.
         */
        get: operations["list_videos"];
        put?: never;
        /**
         * Create a video
         * @description Creates a video; with ``dry_run=true`` only validates it and tells what it will cost at most.
         */
        post: operations["create_video"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{video_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Query a video
         * @description Returns one video; ``X-Seedgate-Stale`` is the age in seconds of a stale answer.
         */
        get: operations["get_video"];
        put?: never;
        post?: never;
        /**
         * Delete a video
         * @description Removes a video; a queued one is cancelled first, a running one is refused.
         */
        delete: operations["delete_video"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{video_id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fetch the content of a video
         * @description Redirects to the file, which can be fetched without a key until the video expires, or passes it on.
         */
        get: operations["get_video_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/{video_id}/remix": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refused: remix a video
         * @description Refuses the operation, and names what there is instead.
         */
        post: operations["remix_video"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/edits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refused: edit a video
         * @description Refuses the operation, and names what there is instead.
         */
        post: operations["edit_video"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/extensions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refused: extend a video
         * @description Refuses the operation, and names what there is instead.
         */
        post: operations["extend_video"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/videos/characters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refused: make a character
         * @description There are no characters; a person is an asset.
         */
        post: operations["create_character"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is the process alive?
         * @description Answers without any I/O.
         */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Should it be sent requests?
         * @description Answers 200 when every check passes, else 503; the body names each check.
         */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics for Prometheus
         * @description Answers the metrics of all worker processes; needs the admin token except on the metrics port.
         */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What needs a human, what is spent, what happens
         * @description Shows what needs a human with the act that ends it, what is spent today and this month, and tasks over time.
         *
         *     The role `billing` is shown only money. Tasks count when they were created, as in `/usage`.
         */
        get: operations["admin_get_summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tenants
         * @description Lists tenants, newest first.
         */
        get: operations["admin_list_tenants"];
        put?: never;
        /**
         * Create a tenant
         * @description Makes a tenant, without keys yet.
         */
        post: operations["admin_create_tenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{tenant_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a tenant
         * @description Shows one tenant.
         */
        get: operations["admin_get_tenant"];
        put?: never;
        post?: never;
        /**
         * Delete a tenant
         * @description Revokes the tenant's keys and hides it; refused while it has unfinished tasks or creates.
         *
         *     `erase=true` also removes its tasks, assets and groups, here and upstream, in the background; the audit row
         *     `tenant.erased` tells the end. It may be asked of a tenant that was deleted before.
         */
        delete: operations["admin_delete_tenant"];
        options?: never;
        head?: never;
        /**
         * Change a tenant
         * @description Changes the members that are sent; null clears one.
         */
        patch: operations["admin_update_tenant"];
        trace?: never;
    };
    "/admin/v1/tenants/{tenant_id}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a key
         * @description Creates a key. This answer is the only one that shows it.
         */
        post: operations["admin_create_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List keys
         * @description Lists keys, newest first; expired and revoked ones too.
         */
        get: operations["admin_list_keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a key
         * @description Shows one key, without its secret.
         */
        get: operations["admin_get_key"];
        put?: never;
        post?: never;
        /**
         * Revoke a key
         * @description Ends a key permanently, within a second on every process.
         */
        delete: operations["admin_revoke_key"];
        options?: never;
        head?: never;
        /**
         * Change a key
         * @description Changes the members that are sent; null clears one.
         */
        patch: operations["admin_update_key"];
        trace?: never;
    };
    "/admin/v1/keys/{key_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace a key by a new one
         * @description Creates a key with the same rights; the old one ends after the grace.
         */
        post: operations["admin_rotate_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/keys/{key_id}/signing-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a key a new signing key
         * @description Creates an access key pair that signs requests to the native entry, `POST /`, with the rights of this key.
         *
         *     This answer is the only one that shows its secret. The previous pair ends within a second.
         */
        post: operations["admin_create_signing_key"];
        /**
         * End a key's signing key
         * @description Ends the access key pair within a second on every process; the key itself keeps working.
         */
        delete: operations["admin_delete_signing_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List channels
         * @description Lists channels, newest first, with what was refused of their last calls.
         */
        get: operations["admin_list_channels"];
        put?: never;
        /**
         * Create a channel
         * @description Makes a channel; its secrets are sealed and never shown again.
         *
         *     The URLs for which it has credentials are asked for a list of one, which costs nothing. One that leads to something
         *     else than the upstream's API is refused; a server that does not answer proves nothing.
         */
        post: operations["admin_create_channel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/channels/{channel_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a channel
         * @description Shows one channel, with what was refused of its last calls.
         */
        get: operations["admin_get_channel"];
        put?: never;
        post?: never;
        /**
         * Delete a channel
         * @description Deletes a channel and its secrets; refused while unfinished tasks, assets or asset groups live on it.
         *
         *     What an erasure of a tenant has not deleted upstream yet stays there; the audit row `tenant.erased` tells it.
         */
        delete: operations["admin_delete_channel"];
        options?: never;
        head?: never;
        /**
         * Change a channel
         * @description Changes the members that are sent; null clears a secret.
         *
         *     A URL that moves to another origin needs the secrets that go there in the same request. Without them those that were
         *     given for the old origin are dropped, and the channel comes back suspended. A new URL that leads to something else
         *     than the upstream's API is refused.
         *
         *     When an address or a credential changes, or a suspension is lifted, the newest live task or asset must still
         *     answer; otherwise the channel comes back suspended, with the reason in `status_reason`.
         */
        patch: operations["admin_update_channel"];
        trace?: never;
    };
    "/admin/v1/channels/{channel_id}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try a channel's credentials
         * @description Asks both planes for a list of one with the channel's own credentials; changes nothing and costs nothing.
         */
        post: operations["admin_check_channel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the model catalog
         * @description Shows all models with their aliases, regions and limits, in the operator's order.
         */
        get: operations["admin_list_models"];
        /**
         * Replace the model catalog
         * @description Replaces all models at once. Other models can no longer be used; existing tasks are unchanged.
         *
         *     An empty list is refused: an empty table is filled from `SEEDGATE_MODELS` at the next start.
         */
        put: operations["admin_replace_models"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the price list
         * @description Shows what a million tokens cost, in millionths of the currency, by what the upstream calls the model; prices that become valid later, too. A new installation has the public prices of 2026-11-28.
         */
        get: operations["admin_list_prices"];
        /**
         * Replace the price list
         * @description Replaces all prices at once, for creates from now on.
         *
         *     What was created before keeps its price, whatever `valid_from` says; without it, a price is valid at once.
         */
        put: operations["admin_replace_prices"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List budgets
         * @description Lists budgets, newest first, with what is used and held of them in their current periods.
         */
        get: operations["admin_list_budgets"];
        put?: never;
        /**
         * Create a budget
         * @description Limits what a tenant, or one of its keys, may spend in a day, in a month or in total. A create counts in the period in which it is created, if its price is in the currency of the budget; what the current period has cost so far counts, too. A tenant may have 20 budgets; each create is held against all that apply.
         */
        post: operations["admin_create_budget"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/budgets/{budget_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a budget
         * @description Shows one budget, with what is used and held of it in its current period.
         */
        get: operations["admin_get_budget"];
        put?: never;
        post?: never;
        /**
         * Delete a budget
         * @description Deletes a budget. Creates are no longer held against it, within a second on every process.
         */
        delete: operations["admin_delete_budget"];
        options?: never;
        head?: never;
        /**
         * Change a budget
         * @description Changes the amount, and whether the budget is hard; what is used and held of it stays.
         *
         *     The rest cannot be changed: what has been counted would be wrong.
         */
        patch: operations["admin_update_budget"];
        trace?: never;
    };
    "/admin/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List any tenant's tasks
         * @description Lists tasks, newest first, deleted ones too; the upstream is not asked.
         */
        get: operations["admin_list_tasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tasks/{task_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show any tenant's task
         * @description Shows one task with its history and what it cost, by the upstream's id or our own; the upstream is not asked.
         */
        get: operations["admin_get_task"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tasks/{task_id}/media": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the clip of a task
         * @description Shows the links to the results of a task, for owners and operators; each look is in the audit log.
         */
        get: operations["admin_get_task_media"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tasks/{task_id}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask the upstream about a task now
         * @description Asks the upstream, within the account's budget of queries, and shows the task as it is then.
         */
        post: operations["admin_refresh_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tasks/{task_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a queued task
         * @description Does what its tenant's own delete of a queued task would; a running task cannot be stopped.
         */
        post: operations["admin_cancel_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tasks/{task_id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say what became of a create of unknown outcome
         * @description Gives the task an upstream task that its channel knows and that has no owner, or ends it as failed.
         */
        post: operations["admin_resolve_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/orphans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List upstream tasks without an owner
         * @description Lists upstream tasks that a create of unknown outcome may have made, newest first.
         */
        get: operations["admin_list_orphans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List any tenant's asset groups
         * @description Lists asset groups, newest first; the upstream is not asked.
         */
        get: operations["admin_list_groups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/assets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List any tenant's assets
         * @description Lists assets, newest first, without an address of their content; the upstream is not asked.
         */
        get: operations["admin_list_assets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/assets/{asset_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what is known of an asset
         * @description Shows an asset as the list does, without an address of its content; the upstream is not asked.
         */
        get: operations["admin_get_asset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/assets/{asset_id}/media": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an asset
         * @description Asks the upstream for a link to an asset, for owners and operators; each look is in the audit log.
         */
        get: operations["admin_get_asset_media"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/face-verifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List any tenant's face verifications
         * @description Lists face verifications, newest first; their tokens and links are not kept.
         */
        get: operations["admin_list_face_verifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/reconcile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what the upstream holds and the database does not know
         * @description Lists each upstream account, and answers line by line: objects without an owner, and the end of each list.
         *
         *     It takes as long as the account's rate limits require, about two seconds for 500 tasks; for each account one request
         *     runs at a time. The upstream lists tasks for seven days. The last line has the `type` `end`; without it the answer
         *     is incomplete.
         */
        get: operations["admin_reconcile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{tenant_id}/adopt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a tenant upstream objects without an owner
         * @description Requests each object from the upstream, and gives it to the tenant unless it has an owner; cannot be undone.
         */
        post: operations["admin_adopt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/tenants/{tenant_id}/webhook-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace a tenant's webhook secret
         * @description Makes a new secret, which signs from now on. This answer is the only one that ever shows it.
         */
        post: operations["admin_rotate_webhook_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/webhook-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace the operator's webhook secret
         * @description Makes a new secret, which signs what goes to `SEEDGATE_OPERATOR_WEBHOOK` from now on.
         *
         *     This answer is the only one that ever shows it.
         */
        post: operations["admin_rotate_operator_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List deliveries
         * @description Lists deliveries, newest first, for thirty days after their end.
         */
        get: operations["admin_list_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/deliveries/{delivery_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a delivery with its body
         * @description Shows a delivery with its body, which may have links to a clip, for owners and operators.
         *
         *     Each look is in the audit log.
         */
        get: operations["admin_get_delivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/deliveries/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deliver many again
         * @description Retries deliveries for a day from now: those that `ids` names, or those to an endpoint that were tried in vain.
         *
         *     They keep their `webhook-id`, so that a receiver recognises what it has. One request resends at most a thousand to
         *     an endpoint, oldest first, and answers whether there are more.
         */
        post: operations["admin_resend_deliveries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/deliveries/{delivery_id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deliver again
         * @description Retries a delivery for a day from now, whatever its state; it keeps its `webhook-id`.
         */
        post: operations["admin_resend_delivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sum or export what tasks used and cost
         * @description Sums the tasks that have ended, one row for each group and currency; tasks count when they were created.
         *
         *     With `Accept: text/csv` or `application/x-ndjson` it exports the rows of the ledger instead, of any number, in the
         *     order in which their tasks were created.
         */
        get: operations["admin_get_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/usage/corrections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Correct what the ledger says of a task
         * @description Adds a row to the ledger, after which the rows of the task add up to its tokens, at the price of its creation.
         */
        post: operations["admin_correct_usage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/usage/rebuild": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Compute the sums of budgets again
         * @description Computes what is used and held of every budget from the ledger and the holds, while creates go on.
         */
        post: operations["admin_rebuild_sums"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/usage/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare the ledger with the tasks and with the upstream's lists
         * @description Lists each upstream account, and answers line by line: what differs, upstream tasks without an owner, sums.
         *
         *     It takes as long as the account's rate limits require, about two seconds for 500 tasks; for each account one request
         *     runs at a time. The upstream lists tasks for seven days. The last line has the `type` `end`; without it the answer
         *     is incomplete.
         */
        get: operations["admin_check_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who changed what
         * @description Lists changes, newest first.
         *
         *     With `key` these are the changes of the key, the rotation that made it, and what was done with it, such as a sign-in
         *     to the console.
         */
        get: operations["admin_list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/audit/{entry_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a row of the audit log
         * @description Shows one change.
         */
        get: operations["admin_get_audit_entry"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/admins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List admins
         * @description Lists admins, newest first; expired and revoked ones too. The token of the environment is not among them.
         */
        get: operations["admin_list_admins"];
        put?: never;
        /**
         * Create an admin
         * @description Creates an admin with a token of its own. This answer is the only one that shows the token.
         */
        post: operations["admin_create_admin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/v1/admins/{admin_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an admin's token
         * @description Ends the token permanently, within a second on every process.
         */
        delete: operations["admin_revoke_admin"];
        options?: never;
        head?: never;
        /**
         * Change an admin
         * @description Changes the members that are sent, within a second on every process; null clears one.
         */
        patch: operations["admin_update_admin"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * ActView
         * @description What ends a finding.
         */
        ActView: {
            /**
             * Method
             * @description of the route; null when no route ends it
             */
            method: string | null;
            /**
             * Path
             * @description of the route, below `/admin/v1`; `{task_id}` is to be chosen
             */
            path: string | null;
            /** Body */
            body: {
                [key: string]: unknown;
            } | null;
            /**
             * Command
             * @description the command that does the same, or that has to run
             */
            command: string;
        };
        /**
         * AdminView
         * @description An admin without its token.
         */
        AdminView: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Role */
            role: string;
            /** Public Part */
            public_part: string;
            /** Status */
            status: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * Adopted
         * @description The outcome for each id, groups first.
         */
        Adopted: {
            /** Data */
            data: components["schemas"]["AdoptedView"][];
        };
        /**
         * AdoptedView
         * @description The outcome for one id.
         */
        AdoptedView: {
            /**
             * Kind
             * @description `task` or `group`
             */
            kind: string;
            /** Upstream Id */
            upstream_id: string;
            /**
             * Outcome
             * @description `adopted`; `own`: it was the tenant's before; `owned`: another tenant owns it; `not_found`; `in_flight`: a create that is under way may have made it; `deleted`: the tenant has deleted it; `failed`
             */
            outcome: string;
            /**
             * Detail
             * @description why it failed; then nothing was changed except the listed assets
             */
            detail?: string | null;
            /**
             * Asset Ids
             * @description the assets of a group that were given to the tenant
             * @default []
             */
            asset_ids: string[];
        };
        /**
         * AppliedPrice
         * @description A row of the price list; null means any.
         */
        AppliedPrice: {
            /** Upstream Model */
            upstream_model: string;
            /** Resolution */
            resolution: string | null;
            /** Has Video Input */
            has_video_input: boolean | null;
            /** Service Tier */
            service_tier: string | null;
            /** Has Audio */
            has_audio: boolean | null;
            /** Currency */
            currency: string;
            /** Micros Per Million Tokens */
            micros_per_million_tokens: number;
            /**
             * Valid From
             * Format: date-time
             */
            valid_from: string;
        };
        /**
         * Archive
         * @description Where the operator keeps copies: what became of the task's files; left out while none is made.
         *
         *     The links of a stored copy are the gateway's. A failed or expired one shows the upstream's, which end by themselves.
         */
        Archive: {
            /**
             * State
             * @enum {string}
             */
            state: "stored" | "failed" | "expired";
            /**
             * Last Error
             * @description why a file could not be copied; null otherwise
             */
            last_error: string | null;
        };
        /**
         * AssetDetail
         * @description An asset as GetAsset shows it; ``URL`` is the upstream's signed one, valid for hours, or the submitted one.
         */
        AssetDetail: {
            /** Id */
            Id: string;
            /** Name */
            Name: string;
            /** Url */
            URL: string;
            /** Groupid */
            GroupId: string;
            /** Assettype */
            AssetType: string;
            /** Status */
            Status: string;
            /** Projectname */
            ProjectName: string;
            /** Createtime */
            CreateTime: string;
            /** Updatetime */
            UpdateTime: string;
            /** Error */
            Error?: {
                [key: string]: unknown;
            } | null;
            /** Moderation */
            Moderation?: {
                [key: string]: unknown;
            } | null;
            /** Lastinferencetime */
            LastInferenceTime?: string | null;
        };
        /**
         * AssetItem
         * @description An asset as ListAssets shows it; ``URL`` is the submitted one.
         */
        AssetItem: {
            /** Id */
            Id: string;
            /** Name */
            Name: string;
            /** Url */
            URL: string;
            /** Groupid */
            GroupId: string;
            /** Assettype */
            AssetType: string;
            /** Status */
            Status: string;
            /** Projectname */
            ProjectName: string;
            /** Createtime */
            CreateTime: string;
            /** Updatetime */
            UpdateTime: string;
        };
        /**
         * AssetMediaView
         * @description The content of an asset.
         */
        AssetMediaView: {
            /** Id */
            id: string;
            /** Tenant Id */
            tenant_id: string;
            /** Asset Type */
            asset_type: string;
            /** Status */
            status: string;
            /**
             * Url
             * @description the upstream's link, which works for hours, or the address that the tenant submitted
             */
            url: string;
            /**
             * Is Signed
             * @description it is the upstream's link
             */
            is_signed: boolean;
        };
        /**
         * AssetPage
         * @description One page of assets.
         */
        AssetPage: {
            /** Items */
            Items: components["schemas"]["AssetItem"][];
            /** Totalcount */
            TotalCount: number;
            /** Pagenumber */
            PageNumber: number;
            /** Pagesize */
            PageSize: number;
        };
        /**
         * AssetView
         * @description An asset as last known, without its content and without an address of it.
         */
        AssetView: {
            /** Id */
            id: string;
            /** Tenant Id */
            tenant_id: string;
            /** Channel Id */
            channel_id: string;
            /** Group Id */
            group_id: string;
            /** Group Type */
            group_type: string;
            /** Name */
            name: string;
            /** Project Name */
            project_name: string;
            /** Asset Type */
            asset_type: string;
            /** Status */
            status: string;
            /** Error */
            error: {
                [key: string]: unknown;
            } | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Polled At */
            polled_at: string | null;
        };
        /**
         * AuditView
         * @description One change.
         */
        AuditView: {
            /** Id */
            id: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Actor */
            actor: string;
            /** Actor Id */
            actor_id: string | null;
            /** Action */
            action: string;
            /** Tenant Id */
            tenant_id: string | null;
            /** Target Type */
            target_type: string;
            /** Target Id */
            target_id: string;
            /** Address */
            address: string | null;
            /** Detail */
            detail: {
                [key: string]: unknown;
            };
        };
        /**
         * BudgetView
         * @description A budget, and what is spent of it in its current period.
         */
        BudgetView: {
            /** Id */
            id: string;
            /** Tenant Id */
            tenant_id: string;
            /**
             * Key Id
             * @description null: the creates of all keys of the tenant count
             */
            key_id: string | null;
            /**
             * Amount Micros
             * @description in millionths of `currency`
             */
            amount_micros: number;
            /** Currency */
            currency: string;
            /** Period */
            period: string;
            /** Time Zone */
            time_zone: string;
            /**
             * Is Hard
             * @description true: a create that could exceed it is refused; false: it passes, and the operator is notified
             */
            is_hard: boolean;
            /**
             * Used Micros
             * @description what the period's tasks cost that have ended
             */
            used_micros: number;
            /**
             * Held Micros
             * @description the most that its unfinished tasks may cost
             */
            held_micros: number;
            /**
             * Left Micros
             * @description what a create may still cost at most
             */
            left_micros: number;
            /**
             * Period Starts At
             * @description null for `total`
             */
            period_starts_at: string | null;
            /**
             * Period Ends At
             * @description null for `total`
             */
            period_ends_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * Callback
         * @description Where a callback_url was given: what became of the newest message there.
         */
        Callback: {
            state: components["schemas"]["CallbackState"];
            /**
             * Last Error
             * @description why the last try failed; null if none has
             */
            last_error: string | null;
        };
        /**
         * CallbackState
         * @description The state of the newest message about a task.
         *
         *     ``pending``: nothing has changed yet, or the message has not been attempted. ``failing``: an attempt failed, and
         *     others will follow. ``delivered``, ``failed``: final. ``unknown``: the message is no longer in the log.
         * @enum {string}
         */
        CallbackState: "pending" | "failing" | "delivered" | "failed" | "unknown";
        /**
         * CallerBudget
         * @description A budget in which the caller's creates count, and what is spent of it in its current period.
         */
        CallerBudget: {
            /** Id */
            id: string;
            /**
             * Owner
             * @description `tenant`: all its keys spend it; `key`: this one, with those that it replaces
             */
            owner: string;
            /**
             * Amount Micros
             * @description in millionths of `currency`
             */
            amount_micros: number;
            /** Currency */
            currency: string;
            /**
             * Period
             * @description `day`, `month` or `total`
             */
            period: string;
            /** Time Zone */
            time_zone: string;
            /**
             * Is Hard
             * @description whether a create that could exceed it is refused
             */
            is_hard: boolean;
            /**
             * Used Micros
             * @description what the tasks of the period cost that have ended
             */
            used_micros: number;
            /**
             * Held Micros
             * @description the most that its unfinished tasks may cost
             */
            held_micros: number;
            /** Left Micros */
            left_micros: number;
            /**
             * Period Ends At
             * @description null for `total`
             */
            period_ends_at: string | null;
        };
        /**
         * CallerCap
         * @description A limit on the caller's unfinished tasks.
         */
        CallerCap: {
            /**
             * Owner
             * @description `tenant`: all its keys count; `key`: this one, with those that a rotation links to it
             */
            owner: string;
            /**
             * Model
             * @description only the tasks of this model count; null: all
             */
            model: string | null;
            /** Limit */
            limit: number;
            /**
             * Left
             * @description how many tasks more may be created before one of them ends
             */
            left: number;
        };
        /**
         * CallerKey
         * @description The caller's API key, without its secret.
         */
        CallerKey: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Public Part */
            public_part: string;
            /**
             * Expires At
             * @description when the key stops: at its expiry or at the end of the grace after a rotation
             */
            expires_at: string | null;
        };
        /**
         * CallerLimit
         * @description A limit on the caller's requests, and what is left of it.
         */
        CallerLimit: {
            /** Limit */
            limit: number;
            /** Window Seconds */
            window_seconds: number;
            /** Left */
            left: number;
            /** Resets In Seconds */
            resets_in_seconds: number;
        };
        /**
         * CallerTenant
         * @description The caller's tenant.
         */
        CallerTenant: {
            /** Id */
            id: string;
            /** Name */
            name: string;
        };
        /**
         * CallerView
         * @description The caller and its rights; null lists allow everything.
         */
        CallerView: {
            tenant: components["schemas"]["CallerTenant"];
            key: components["schemas"]["CallerKey"];
            /** Allowed Models */
            allowed_models: string[] | null;
            /** Allowed Channels */
            allowed_channels: string[] | null;
            /** Permissions */
            permissions: string[];
            /**
             * Limits
             * @description by their names, such as `key-rpm`; empty: none
             */
            limits: {
                [key: string]: components["schemas"]["CallerLimit"];
            };
            /**
             * Unfinished Tasks
             * @description how many tasks may be unfinished; empty: any number
             */
            unfinished_tasks: components["schemas"]["CallerCap"][];
            /**
             * Budgets
             * @description in which creates with this key count
             */
            budgets: components["schemas"]["CallerBudget"][];
        };
        /**
         * ChannelCheckView
         * @description The results of checking both planes of an upstream account.
         */
        ChannelCheckView: {
            ark: components["schemas"]["PlaneCheckView"];
            openapi: components["schemas"]["PlaneCheckView"];
        };
        /**
         * ChannelView
         * @description A channel as the admin API shows it; of its secrets only whether they are set.
         */
        ChannelView: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Ark Base Url */
            ark_base_url: string;
            /** Openapi Url */
            openapi_url: string;
            /** Region */
            region: string;
            /** Exclusive */
            exclusive: boolean;
            /** Correlate */
            correlate: string;
            /** Models */
            models: {
                [key: string]: string;
            };
            /** Projects */
            projects: string[];
            /** Media Hosts */
            media_hosts: string[];
            /** Priority */
            priority: number;
            /** Weight */
            weight: number;
            /** Status */
            status: string;
            /** Status Reason */
            status_reason: string | null;
            /** Has Ark Api Key */
            has_ark_api_key: boolean;
            /** Has Access Key */
            has_access_key: boolean;
            /** Has Session Token */
            has_session_token: boolean;
            health: components["schemas"]["HealthView"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * CreatedTask
         * @description The id of a new task.
         */
        CreatedTask: {
            /**
             * Id
             * @example cgt-20260518175249-8x55h
             */
            id: string;
        };
        /**
         * DeletedTask
         * @description ``{}``: a deletion.
         */
        DeletedTask: Record<string, never>;
        /**
         * DeletedVideo
         * @description A deletion.
         */
        DeletedVideo: {
            /** Id */
            id: string;
            /**
             * Object
             * @constant
             */
            object: "video.deleted";
            /**
             * Deleted
             * @constant
             */
            deleted: true;
        };
        /**
         * DeliveryDetailView
         * @description A delivery with its body.
         */
        DeliveryDetailView: {
            /** Id */
            id: string;
            /**
             * Tenant Id
             * @description whose endpoint it goes to; `operator`: that of SEEDGATE_OPERATOR_WEBHOOK
             */
            tenant_id: string;
            /**
             * Task Id
             * @description the task that it is about
             */
            task_id: string | null;
            /**
             * Budget Id
             * @description the budget that it is about
             */
            budget_id: string | null;
            /** Origin */
            origin: string;
            /** Status */
            status: string;
            /** Attempts */
            attempts: number;
            /** Next Attempt At */
            next_attempt_at: string | null;
            /** Last Status */
            last_status: number | null;
            /** Last Error */
            last_error: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Delivered At */
            delivered_at: string | null;
            /**
             * Body
             * @description JSON, the text that is signed and posted; its links are those of a post at this moment
             */
            body: string;
        };
        /**
         * DeliveryView
         * @description A delivery, with the origin of its URL and without its body.
         */
        DeliveryView: {
            /** Id */
            id: string;
            /**
             * Tenant Id
             * @description whose endpoint it goes to; `operator`: that of SEEDGATE_OPERATOR_WEBHOOK
             */
            tenant_id: string;
            /**
             * Task Id
             * @description the task that it is about
             */
            task_id: string | null;
            /**
             * Budget Id
             * @description the budget that it is about
             */
            budget_id: string | null;
            /** Origin */
            origin: string;
            /** Status */
            status: string;
            /** Attempts */
            attempts: number;
            /** Next Attempt At */
            next_attempt_at: string | null;
            /** Last Status */
            last_status: number | null;
            /** Last Error */
            last_error: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Delivered At */
            delivered_at: string | null;
        };
        /**
         * DryRun
         * @description What a create would send, and what it will cost at most, with `dry_run`.
         */
        DryRun: {
            /**
             * Dry Run
             * @constant
             */
            dry_run: true;
            /** Model */
            model: string;
            /** Upstream Model */
            upstream_model: string;
            /** Body */
            body: {
                [key: string]: unknown;
            };
            estimate: components["schemas"]["Estimate"];
            /**
             * Alternatives
             * @description what it costs, where that differs, on the other upstream accounts that may take it
             */
            alternatives: components["schemas"]["Estimate"][];
            /** @description absent: no budget and no limit on tasks counts it */
            limits?: components["schemas"]["DryRunLimits"] | null;
        };
        /**
         * DryRunBudget
         * @description A budget against which a create would be held.
         */
        DryRunBudget: {
            /** Id */
            id: string;
            /**
             * Owner
             * @description `tenant`: all its keys spend it; `key`: this one, with those that it replaces
             */
            owner: string;
            /**
             * Amount Micros
             * @description in millionths of `currency`
             */
            amount_micros: number;
            /** Currency */
            currency: string;
            /**
             * Period
             * @description `day`, `month` or `total`
             */
            period: string;
            /** Time Zone */
            time_zone: string;
            /**
             * Is Hard
             * @description whether a create that could exceed it is refused
             */
            is_hard: boolean;
            /**
             * Used Micros
             * @description what the tasks of the period cost that have ended
             */
            used_micros: number;
            /**
             * Held Micros
             * @description the most that its unfinished tasks may cost
             */
            held_micros: number;
            /** Left Micros */
            left_micros: number;
            /**
             * Period Ends At
             * @description null for `total`
             */
            period_ends_at: string | null;
            /**
             * Would Hold Micros
             * @description what the create may cost at most
             */
            would_hold_micros: number;
            /**
             * Fits
             * @description whether that is no more than what is left; a soft budget lets it pass all the same
             */
            fits: boolean;
        };
        /**
         * DryRunCap
         * @description A limit on unfinished tasks that counts a create.
         */
        DryRunCap: {
            /**
             * Owner
             * @description `tenant`: all its keys count; `key`: this one, with those that a rotation links to it
             */
            owner: string;
            /**
             * Model
             * @description only the tasks of this model count; null: all
             */
            model: string | null;
            /** Limit */
            limit: number;
            /**
             * Left
             * @description how many tasks more may be created before one of them ends
             */
            left: number;
            /**
             * Fits
             * @description whether it has room for one more
             */
            fits: boolean;
        };
        /**
         * DryRunLimits
         * @description What limits a create, as it is now.
         */
        DryRunLimits: {
            /**
             * Fits
             * @description whether neither a hard budget nor a limit on unfinished tasks would refuse it now
             */
            fits: boolean;
            /**
             * Budgets
             * @description against which it would be held; others are of another currency
             */
            budgets: components["schemas"]["DryRunBudget"][];
            /**
             * Unfinished Tasks
             * @description the limits on unfinished tasks that count it
             */
            unfinished_tasks: components["schemas"]["DryRunCap"][];
        };
        /**
         * Durations
         * @description The values of ``duration``.
         */
        Durations: {
            /**
             * Min
             * @description seconds
             */
            min: number;
            /**
             * Max
             * @description seconds
             */
            max: number;
            /**
             * Auto
             * @description whether it may be -1: the model chooses
             */
            auto: boolean;
        };
        /**
         * ErasureView
         * @description An erasure that has begun.
         */
        ErasureView: {
            /** Id */
            id: string;
            /**
             * Kept
             * @description what stays, in words
             */
            kept: string[];
        };
        /**
         * Estimate
         * @description What a create will cost at most. It costs nothing unless the task succeeds; searches are billed apart.
         */
        Estimate: {
            /** Upstream Model */
            upstream_model: string;
            /** Tokens Max */
            tokens_max: number;
            /**
             * Is Exact
             * @description whether a task that succeeds costs just `tokens_max`
             */
            is_exact: boolean;
            /**
             * Currency
             * @description in which the upstream bills the account
             * @example CNY
             */
            currency: string;
            /**
             * Price Micros
             * @description at most, in millionths of `currency`; null: there is no price
             */
            price_micros: number | null;
            /** @description by which `price_micros` is computed; null: there is none */
            price: components["schemas"]["AppliedPrice"] | null;
            /**
             * Unpriced
             * @description for what there is no price; null: it has one
             */
            unpriced: string | null;
        };
        /**
         * FaceResultResponse
         * @description The group that a finished face verification yielded.
         */
        FaceResultResponse: {
            /** Groupid */
            GroupId: string;
        };
        /**
         * FaultView
         * @description Recent refusals of one operation with one code; ``message`` is the upstream's.
         */
        FaultView: {
            /** Operation */
            operation: string;
            /** Status */
            status: number;
            /** Code */
            code: string;
            /** Message */
            message: string;
            /**
             * First At
             * Format: date-time
             */
            first_at: string;
            /**
             * Last At
             * Format: date-time
             */
            last_at: string;
            /** Times */
            times: number;
        };
        /**
         * FindingView
         * @description One thing that needs a human.
         */
        FindingView: {
            /**
             * Kind
             * @description a stable word, such as `unknown_outcome`
             */
            kind: string;
            /**
             * Severity
             * @description `watch`: the gateway itself is still at it
             * @enum {string}
             */
            severity: "act" | "watch";
            /** Count */
            count: number;
            /**
             * Since
             * @description since when the oldest of them is so
             */
            since: string | null;
            subject: components["schemas"]["SubjectView"] | null;
            /**
             * Reason
             * @description a code or a sentence that says more; it may be the upstream's
             */
            reason: string | null;
            /**
             * See
             * @description the route below `/admin/v1` that shows them
             */
            see: string | null;
            act: components["schemas"]["ActView"];
        };
        /**
         * GroupDetail
         * @description A group as GetAssetGroup shows it.
         */
        GroupDetail: {
            /** Id */
            Id: string;
            /** Name */
            Name: string;
            /** Description */
            Description: string;
            /** Grouptype */
            GroupType: string;
            /** Projectname */
            ProjectName: string;
            /** Createtime */
            CreateTime: string;
            /** Updatetime */
            UpdateTime: string;
            /** Title */
            Title?: string | null;
        };
        /**
         * GroupItem
         * @description A group as ListAssetGroups shows it.
         */
        GroupItem: {
            /** Id */
            Id: string;
            /** Name */
            Name: string;
            /** Description */
            Description: string;
            /** Grouptype */
            GroupType: string;
            /** Projectname */
            ProjectName: string;
            /** Createtime */
            CreateTime: string;
            /** Updatetime */
            UpdateTime: string;
        };
        /**
         * GroupPage
         * @description One page of groups.
         */
        GroupPage: {
            /** Totalcount */
            TotalCount: number;
            /** Items */
            Items: components["schemas"]["GroupItem"][];
            /** Pagenumber */
            PageNumber: number;
            /** Pagesize */
            PageSize: number;
        };
        /**
         * GroupView
         * @description A group of assets, as last known.
         */
        GroupView: {
            /** Id */
            id: string;
            /** Tenant Id */
            tenant_id: string;
            /** Channel Id */
            channel_id: string;
            /** Name */
            name: string;
            /** Description */
            description: string;
            /** Group Type */
            group_type: string;
            /** Project Name */
            project_name: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Polled At */
            polled_at: string | null;
        };
        /**
         * HealthView
         * @description The state of a channel's circuit breaker, its recent refusals, and how much of its call rates is used.
         */
        HealthView: {
            /** Is Breaker Open */
            is_breaker_open: boolean;
            /** Breaker Opened At */
            breaker_opened_at: string | null;
            /**
             * Breaker Reason
             * @description `unknown_outcomes`: five creates in a row; `not_the_upstream`: what its URL leads to
             */
            breaker_reason: ("unknown_outcomes" | "not_the_upstream") | null;
            /**
             * Unknown Outcomes
             * @description creates of unknown outcome in a row
             */
            unknown_outcomes: number;
            /**
             * Rates Used
             * @description by class of calls, which share of the account's call rate is used at this moment, from 0 to 1
             */
            rates_used: {
                [key: string]: number;
            };
            /** Faults */
            faults: components["schemas"]["FaultView"][];
        };
        /**
         * IdResponse
         * @description The id of what was created or updated.
         */
        IdResponse: {
            /** Id */
            Id: string;
        };
        /**
         * IssuedAdminView
         * @description A new admin with its token, which no other answer shows.
         */
        IssuedAdminView: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Role */
            role: string;
            /** Public Part */
            public_part: string;
            /** Status */
            status: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Token */
            token: string;
        };
        /**
         * IssuedKeyView
         * @description A new key with its plaintext, which no other answer shows.
         */
        IssuedKeyView: {
            /** Id */
            id: string;
            /** Tenant Id */
            tenant_id: string;
            /** Name */
            name: string;
            /** Public Part */
            public_part: string;
            /** Access Key Id */
            access_key_id: string | null;
            /** Status */
            status: string;
            /** Expires At */
            expires_at: string | null;
            /** Grace Ends At */
            grace_ends_at: string | null;
            /** Allowed Models */
            allowed_models: string[] | null;
            /** Allowed Ips */
            allowed_ips: string[] | null;
            /** Allowed Channels */
            allowed_channels: string[] | null;
            /** Permissions */
            permissions: string[];
            /** Limits */
            limits: {
                [key: string]: unknown;
            };
            /** Rotated From */
            rotated_from: string | null;
            /** Last Used At */
            last_used_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Key */
            key: string;
        };
        /**
         * IssuedSigningKeyView
         * @description A key with a new signing key, whose secret no other answer shows.
         */
        IssuedSigningKeyView: {
            /** Id */
            id: string;
            /** Tenant Id */
            tenant_id: string;
            /** Name */
            name: string;
            /** Public Part */
            public_part: string;
            /** Access Key Id */
            access_key_id: string;
            /** Status */
            status: string;
            /** Expires At */
            expires_at: string | null;
            /** Grace Ends At */
            grace_ends_at: string | null;
            /** Allowed Models */
            allowed_models: string[] | null;
            /** Allowed Ips */
            allowed_ips: string[] | null;
            /** Allowed Channels */
            allowed_channels: string[] | null;
            /** Permissions */
            permissions: string[];
            /** Limits */
            limits: {
                [key: string]: unknown;
            };
            /** Rotated From */
            rotated_from: string | null;
            /** Last Used At */
            last_used_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Secret Access Key */
            secret_access_key: string;
        };
        /**
         * KeyView
         * @description A key without its secret.
         */
        KeyView: {
            /** Id */
            id: string;
            /** Tenant Id */
            tenant_id: string;
            /** Name */
            name: string;
            /** Public Part */
            public_part: string;
            /** Access Key Id */
            access_key_id: string | null;
            /** Status */
            status: string;
            /** Expires At */
            expires_at: string | null;
            /** Grace Ends At */
            grace_ends_at: string | null;
            /** Allowed Models */
            allowed_models: string[] | null;
            /** Allowed Ips */
            allowed_ips: string[] | null;
            /** Allowed Channels */
            allowed_channels: string[] | null;
            /** Permissions */
            permissions: string[];
            /** Limits */
            limits: {
                [key: string]: unknown;
            };
            /** Rotated From */
            rotated_from: string | null;
            /** Last Used At */
            last_used_at: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * LedgerEntry
         * @description A row of the ledger.
         */
        LedgerEntry: {
            /** Id */
            id: number;
            /**
             * Kind
             * @description `settlement`: the only one of its task; `correction`: is added to it
             */
            kind: string;
            /**
             * Created At
             * Format: date-time
             * @description when the task was created; the period to which it belongs
             */
            created_at: string;
            /**
             * Settled At
             * Format: date-time
             */
            settled_at: string;
            /** Tenant Id */
            tenant_id: string;
            /** Key Id */
            key_id: string;
            /**
             * Task Id
             * @description our own id of the task
             */
            task_id: string;
            /** Upstream Id */
            upstream_id: string | null;
            /** Channel Id */
            channel_id: string | null;
            /** Model */
            model: string;
            /** Upstream Model */
            upstream_model: string;
            /** Resolution */
            resolution: string | null;
            /** Service Tier */
            service_tier: string;
            /** Has Video Input */
            has_video_input: boolean | null;
            /** Has Audio */
            has_audio: boolean | null;
            /**
             * Status
             * @description how the task ended
             */
            status: string;
            /**
             * Total Tokens
             * @description null: not known, see `is_estimated`
             */
            total_tokens: number | null;
            /** Web Searches */
            web_searches: number;
            /** Currency */
            currency: string | null;
            /**
             * Micros Per Million Tokens
             * @description the price when the task was created
             */
            micros_per_million_tokens: number | null;
            /** Cost Micros */
            cost_micros: number | null;
            /** Is Estimated */
            is_estimated: boolean;
            /** Note */
            note: string | null;
        };
        /**
         * ListedTask
         * @description A video task in a list.
         */
        ListedTask: {
            /**
             * Id
             * @example cgt-20260518175249-8x55h
             */
            id: string;
            /**
             * Model
             * @description what the model is called upstream
             */
            model: string;
            /**
             * Status
             * @enum {string}
             */
            status: "cancelled" | "expired" | "failed" | "queued" | "running" | "succeeded";
            error: components["schemas"]["Reason"] | null;
            /**
             * Created At
             * @description Unix seconds
             */
            created_at: number;
            /**
             * Updated At
             * @description Unix seconds
             */
            updated_at: number;
            /** Content */
            content?: components["schemas"]["TaskContent"];
            usage?: components["schemas"]["Usage"];
            /**
             * Seed
             * @description the same seed and request give a similar video; -1 draws one
             */
            seed?: number;
            /**
             * Resolution
             * @description size of the frames
             */
            resolution?: string;
            /**
             * Ratio
             * @description width to height
             */
            ratio?: string;
            /**
             * Duration
             * @description length of the video in seconds; -1 leaves it to the model
             */
            duration?: number;
            /**
             * Frames
             * @description length of the video in frames, in place of `duration`
             */
            frames?: number;
            /** Framespersecond */
            framespersecond?: number;
            /**
             * Generate Audio
             * @description whether the video has sound
             */
            generate_audio?: boolean;
            /**
             * Service Tier
             * @description `flex` waits longer and costs less
             */
            service_tier?: string;
            /**
             * Execution Expires After
             * @description seconds after its creation at which an unfinished task ends as `expired`
             */
            execution_expires_after?: number;
            /**
             * Priority
             * @description higher runs first among the waiting tasks of the account
             */
            priority?: number;
            archive?: components["schemas"]["Archive"];
            /** @description of a failed task: the same as `error` */
            failure_reason?: components["schemas"]["Reason"] | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * LivenessView
         * @description The process answers.
         */
        LivenessView: {
            /**
             * Status
             * @default ok
             * @constant
             */
            status: "ok";
        };
        /**
         * Modalities
         * @description What a model takes and makes.
         */
        Modalities: {
            /** Input Modalities */
            input_modalities: string[];
            /**
             * Output Modalities
             * @default [
             *       "video"
             *     ]
             */
            output_modalities: string[];
        };
        /**
         * ModelPage
         * @description All models that the key may use, in the operator's order.
         */
        ModelPage: {
            /**
             * Object
             * @default list
             * @constant
             */
            object: "list";
            /** Data */
            data: components["schemas"]["ShownModel"][];
        };
        /**
         * ModelsView
         * @description The whole catalog, in the form of a list that has one page.
         */
        ModelsView: {
            /** Data */
            data: {
                /** Name */
                name: string;
                /** Upstream Id */
                upstream_id: string;
                /**
                 * Aliases
                 * @default []
                 */
                aliases: string[];
                /** Regions */
                regions?: {
                    [key: string]: string | null;
                };
                /**
                 * Resolutions
                 * @default [
                 *       "480p",
                 *       "720p",
                 *       "1080p",
                 *       "4k",
                 *       "4K"
                 *     ]
                 */
                resolutions: string[];
                /**
                 * Ratios
                 * @default [
                 *       "16:9",
                 *       "4:3",
                 *       "1:1",
                 *       "3:4",
                 *       "9:16",
                 *       "21:9",
                 *       "adaptive"
                 *     ]
                 */
                ratios: string[];
                /**
                 * Duration Min
                 * @default 4
                 */
                duration_min: number;
                /**
                 * Duration Max
                 * @default 15
                 */
                duration_max: number;
                /**
                 * Is Auto Duration Allowed
                 * @default true
                 */
                is_auto_duration_allowed: boolean;
                /**
                 * Max Reference Images
                 * @default 9
                 */
                max_reference_images: number;
                /**
                 * Max Reference Videos
                 * @default 3
                 */
                max_reference_videos: number;
                /**
                 * Max Reference Audios
                 * @default 3
                 */
                max_reference_audios: number;
                /**
                 * Takes Generate Audio
                 * @default true
                 */
                takes_generate_audio: boolean;
                /** Generate Audio Default */
                generate_audio_default?: boolean | null;
                /**
                 * Is Audio Alone Allowed
                 * @default false
                 */
                is_audio_alone_allowed: boolean;
            }[];
            /**
             * Has More
             * @default false
             * @constant
             */
            has_more: false;
            /** Next Cursor */
            next_cursor?: null;
        };
        /**
         * NativeResult
         * @description The result of an action in the native OpenAPI form.
         */
        NativeResult: {
            ResponseMetadata: components["schemas"]["ResponseMetadata"];
            /** Result */
            Result: components["schemas"]["IdResponse"] | components["schemas"]["GroupPage"] | components["schemas"]["GroupDetail"] | components["schemas"]["NothingResponse"] | components["schemas"]["AssetPage"] | components["schemas"]["AssetDetail"] | components["schemas"]["SessionResponse"] | components["schemas"]["FaceResultResponse"];
        };
        /**
         * NothingResponse
         * @description ``{}``: a deletion.
         */
        NothingResponse: Record<string, never>;
        /**
         * OrphanView
         * @description An upstream task without an owner; ``possible_tasks`` are our ids of the creates that may have made it.
         */
        OrphanView: {
            /** Channel Id */
            channel_id: string;
            /** Upstream Id */
            upstream_id: string;
            /** Model */
            model: string;
            /** Service Tier */
            service_tier: string;
            /** Status */
            status: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * First Seen At
             * Format: date-time
             */
            first_seen_at: string;
            /**
             * Last Seen At
             * Format: date-time
             */
            last_seen_at: string;
            /** Possible Tasks */
            possible_tasks: string[];
        };
        /**
         * OwnUsage
         * @description A tenant's own usage, and what limits it.
         */
        OwnUsage: {
            /** Data */
            data: components["schemas"]["UsageSum"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
            /**
             * Budgets
             * @description in which creates with this key count, as they are now
             */
            budgets: components["schemas"]["CallerBudget"][];
            /**
             * Unfinished Tasks
             * @description how many tasks may be unfinished; empty: any number
             */
            unfinished_tasks: components["schemas"]["CallerCap"][];
        };
        /** Page[AdminView] */
        Page_AdminView_: {
            /** Data */
            data: components["schemas"]["AdminView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[AssetView] */
        Page_AssetView_: {
            /** Data */
            data: components["schemas"]["AssetView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[AuditView] */
        Page_AuditView_: {
            /** Data */
            data: components["schemas"]["AuditView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[BudgetView] */
        Page_BudgetView_: {
            /** Data */
            data: components["schemas"]["BudgetView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[ChannelView] */
        Page_ChannelView_: {
            /** Data */
            data: components["schemas"]["ChannelView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[DeliveryView] */
        Page_DeliveryView_: {
            /** Data */
            data: components["schemas"]["DeliveryView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[GroupView] */
        Page_GroupView_: {
            /** Data */
            data: components["schemas"]["GroupView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[KeyView] */
        Page_KeyView_: {
            /** Data */
            data: components["schemas"]["KeyView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[OrphanView] */
        Page_OrphanView_: {
            /** Data */
            data: components["schemas"]["OrphanView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[TaskView] */
        Page_TaskView_: {
            /** Data */
            data: components["schemas"]["TaskView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[TenantView] */
        Page_TenantView_: {
            /** Data */
            data: components["schemas"]["TenantView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[UsageSum] */
        Page_UsageSum_: {
            /** Data */
            data: components["schemas"]["UsageSum"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[VerificationView] */
        Page_VerificationView_: {
            /** Data */
            data: components["schemas"]["VerificationView"][];
            /** Has More */
            has_more: boolean;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * PlaneCheckView
         * @description The result of checking one plane of an upstream account.
         */
        PlaneCheckView: {
            /** Ok */
            ok: boolean;
            /** Detail */
            detail: string;
            /**
             * Is Throttled
             * @description the upstream throttles the account, so the credentials were not checked
             */
            is_throttled: boolean;
        };
        /**
         * PointView
         * @description What was created in one hour or day.
         */
        PointView: {
            /**
             * Begins At
             * Format: date-time
             */
            begins_at: string;
            /**
             * Tasks
             * @description how many tasks, unfinished ones included
             */
            tasks: number;
            /** Unfinished */
            unfinished: number;
            /**
             * Ended
             * @description the others, by status
             */
            ended: {
                [key: string]: number;
            };
            /**
             * Total Tokens
             * @description of those that have ended
             */
            total_tokens: number;
            /**
             * Costs
             * @description in millionths, by currency
             */
            costs: {
                [key: string]: number;
            };
        };
        /**
         * PricesView
         * @description The whole price list, in the form of a list that has one page; null means any.
         */
        PricesView: {
            /** Data */
            data: {
                /** Upstream Model */
                upstream_model: string;
                /** Resolution */
                resolution?: string | null;
                /** Has Video Input */
                has_video_input?: boolean | null;
                /** Service Tier */
                service_tier?: string | null;
                /** Has Audio */
                has_audio?: boolean | null;
                /** Currency */
                currency: string;
                /** Micros Per Million Tokens */
                micros_per_million_tokens: number;
                /**
                 * Valid From
                 * Format: date-time
                 */
                valid_from: string;
            }[];
            /**
             * Has More
             * @default false
             * @constant
             */
            has_more: false;
            /** Next Cursor */
            next_cursor?: null;
        };
        /**
         * ReadinessView
         * @description Whether the process should get requests, and of each check `ok` or why not.
         */
        ReadinessView: {
            /** Ready */
            ready: boolean;
            /** Checks */
            checks: {
                [key: string]: string;
            };
        };
        /**
         * Reason
         * @description Why a task failed, in the upstream's words unless they name the operator's account.
         */
        Reason: {
            /** Code */
            code: string;
            /** Message */
            message: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * RebuiltSums
         * @description Answer of ``POST /usage/rebuild``.
         */
        RebuiltSums: {
            /**
             * Periods
             * @description periods of budgets whose sums were different
             */
            periods: number;
        };
        /**
         * ResentView
         * @description What was resent.
         */
        ResentView: {
            /**
             * Resent
             * @description how many deliveries are due now
             */
            resent: number;
            /**
             * Not Found
             * @description ids that no delivery has
             */
            not_found: string[];
            /**
             * Has More
             * @description there may be more to this endpoint; send the request again
             */
            has_more: boolean;
        };
        /**
         * ResponseMetadata
         * @description What the OpenAPI SDKs read beside a result.
         */
        ResponseMetadata: {
            /** Requestid */
            RequestId: string;
            /** Action */
            Action: string;
            /** Version */
            Version: string;
            /** Service */
            Service: string;
            /** Region */
            Region: string;
        };
        /**
         * SecretView
         * @description A new webhook secret, which no other answer shows.
         */
        SecretView: {
            /** Secret */
            secret: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * SeriesView
         * @description Tasks and tokens over time, oldest first; the last point is not over.
         */
        SeriesView: {
            /**
             * Unit
             * @enum {string}
             */
            unit: "hour" | "day";
            /**
             * Ends At
             * Format: date-time
             */
            ends_at: string;
            /** Points */
            points: components["schemas"]["PointView"][];
        };
        /**
         * SessionResponse
         * @description A face verification session. The token and the link are secrets of the tenant's.
         */
        SessionResponse: {
            /** Bytedtoken */
            BytedToken: string;
            /** Callbackurl */
            CallbackURL: string;
            /** H5Link */
            H5Link: string;
        };
        /**
         * ShownModel
         * @description A model that the key may use.
         */
        ShownModel: {
            /**
             * Id
             * @description the `model` of a create
             */
            id: string;
            /**
             * Object
             * @default model
             * @constant
             */
            object: "model";
            /**
             * Created
             * @description Unix seconds: the date in the upstream's id; 0 when it has none
             */
            created: number;
            /**
             * Owned By
             * @default bytedance
             */
            owned_by: string;
            /**
             * Name
             * @description the id without its date
             */
            name: string;
            /**
             * Version
             * @description the date in the upstream's id, or empty
             */
            version: string;
            /**
             * Domain
             * @default VideoGeneration
             * @constant
             */
            domain: "VideoGeneration";
            /**
             * Task Type
             * @description TextToVideo, ImageToVideo, ReferenceToVideo
             */
            task_type: string[];
            modalities: components["schemas"]["Modalities"];
            /**
             * Status
             * @description null: current
             */
            status: "Retiring" | null;
            /**
             * Shutdown Date
             * @description null: none is known
             */
            shutdown_date?: string | null;
            /**
             * Supported Endpoint Types
             * @default [
             *       "openai-video"
             *     ]
             */
            supported_endpoint_types: string[];
            /** Resolutions */
            resolutions: string[];
            /** Ratios */
            ratios: string[];
            durations: components["schemas"]["Durations"];
        };
        /**
         * ShownTask
         * @description A video task by its id.
         */
        ShownTask: {
            /**
             * Id
             * @example cgt-20260518175249-8x55h
             */
            id: string;
            /**
             * Model
             * @description what the model is called upstream
             */
            model: string;
            /**
             * Status
             * @enum {string}
             */
            status: "cancelled" | "expired" | "failed" | "queued" | "running" | "succeeded";
            error: components["schemas"]["Reason"] | null;
            /**
             * Created At
             * @description Unix seconds
             */
            created_at: number;
            /**
             * Updated At
             * @description Unix seconds
             */
            updated_at: number;
            /** Content */
            content?: components["schemas"]["TaskContent"];
            usage?: components["schemas"]["Usage"];
            /**
             * Seed
             * @description the same seed and request give a similar video; -1 draws one
             */
            seed?: number;
            /**
             * Resolution
             * @description size of the frames
             */
            resolution?: string;
            /**
             * Ratio
             * @description width to height
             */
            ratio?: string;
            /**
             * Duration
             * @description length of the video in seconds; -1 leaves it to the model
             */
            duration?: number;
            /**
             * Frames
             * @description length of the video in frames, in place of `duration`
             */
            frames?: number;
            /** Framespersecond */
            framespersecond?: number;
            /**
             * Generate Audio
             * @description whether the video has sound
             */
            generate_audio?: boolean;
            /**
             * Service Tier
             * @description `flex` waits longer and costs less
             */
            service_tier?: string;
            /**
             * Execution Expires After
             * @description seconds after its creation at which an unfinished task ends as `expired`
             */
            execution_expires_after?: number;
            /**
             * Priority
             * @description higher runs first among the waiting tasks of the account
             */
            priority?: number;
            callback?: components["schemas"]["Callback"];
            archive?: components["schemas"]["Archive"];
        } & {
            [key: string]: unknown;
        };
        /**
         * SpendView
         * @description What the tasks cost that were created in the day and the month of a time zone and have ended.
         */
        SpendView: {
            /** Time Zone */
            time_zone: string;
            /**
             * Day Begins At
             * Format: date-time
             */
            day_begins_at: string;
            /**
             * Month Begins At
             * Format: date-time
             */
            month_begins_at: string;
            /** Today */
            today: components["schemas"]["SpentView"][];
            /** Month */
            month: components["schemas"]["SpentView"][];
        };
        /**
         * SpentView
         * @description What was spent in one currency.
         */
        SpentView: {
            /**
             * Currency
             * @description null: what has no price
             */
            currency: string | null;
            /**
             * Cost Micros
             * @description in millionths of `currency`
             */
            cost_micros: number;
            /** Total Tokens */
            total_tokens: number;
            /**
             * Tasks
             * @description tasks that have ended
             */
            tasks: number;
            /**
             * Unpriced Tasks
             * @description tasks that cost tokens for which the list had no price
             */
            unpriced_tasks: number;
        };
        /**
         * SubjectView
         * @description The object that a finding is about.
         */
        SubjectView: {
            /**
             * Type
             * @description `channel`, `endpoint` or `budget`
             */
            type: string;
            /**
             * Id
             * @description of an endpoint its origin
             */
            id: string;
            /**
             * Name
             * @description of the channel, or of the tenant
             */
            name: string | null;
            /** Tenant Id */
            tenant_id: string | null;
        };
        /**
         * SummaryView
         * @description The state of the gateway. The role `billing` is shown only money: the rest is null.
         */
        SummaryView: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Findings
             * @description what needs a human, the most urgent first
             */
            findings: components["schemas"]["FindingView"][] | null;
            tasks: components["schemas"]["TasksView"] | null;
            spend: components["schemas"]["SpendView"];
            /**
             * Budgets
             * @description the fullest ones, at most fifty
             */
            budgets: components["schemas"]["BudgetView"][];
            series: components["schemas"]["SeriesView"];
        };
        /**
         * TaskContent
         * @description The links of a succeeded task.
         */
        TaskContent: {
            /**
             * Video Url
             * @description serves at most 100 downloads
             */
            video_url?: string;
            /** Last Frame Url */
            last_frame_url?: string;
            /**
             * Expires At
             * @description until when the URLs beside it work, Unix seconds; of the one that ends first
             */
            expires_at?: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * TaskCopyView
         * @description What became of the copy of a file of a task in the archive.
         */
        TaskCopyView: {
            /**
             * Member
             * @description the member of `content` with its link
             */
            member: string;
            /**
             * Status
             * @description `pending`, `stored`, `failed` or `released`, which is to be deleted
             */
            status: string;
            /** Attempts */
            attempts: number;
            /** Next Attempt At */
            next_attempt_at: string | null;
            /**
             * Last Error
             * @description why the last attempt failed; the tenant is told less
             */
            last_error: string | null;
            /** Size Bytes */
            size_bytes: number | null;
            /** Stored At */
            stored_at: string | null;
        };
        /**
         * TaskDetailView
         * @description A task with its history and its rows of the ledger, both oldest first, and its copies in the archive.
         */
        TaskDetailView: {
            /** Id */
            id: string;
            /** Spare Id */
            spare_id: string;
            /** Upstream Id */
            upstream_id: string | null;
            /** Claimed Upstream Id */
            claimed_upstream_id: string | null;
            /** Tenant Id */
            tenant_id: string;
            /** Key Id */
            key_id: string;
            /** Channel Id */
            channel_id: string | null;
            /** Channel Name */
            channel_name: string | null;
            /** Model */
            model: string;
            /** Upstream Model */
            upstream_model: string;
            /** Service Tier */
            service_tier: string;
            /** Status */
            status: string;
            /** Error */
            error: {
                [key: string]: unknown;
            } | null;
            /** Total Tokens */
            total_tokens: number | null;
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /** Callback Origin */
            callback_origin: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Sent At */
            sent_at: string | null;
            /** Cut At */
            cut_at: string | null;
            /** Absent At */
            absent_at: string | null;
            /** Asked At */
            asked_at: string | null;
            /** Polled At */
            polled_at: string | null;
            /** Next Poll At */
            next_poll_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Deleted At */
            deleted_at: string | null;
            /** History */
            history: components["schemas"]["TaskEventView"][];
            /** Ledger */
            ledger: components["schemas"]["LedgerEntry"][];
            /** Copies */
            copies: components["schemas"]["TaskCopyView"][];
        };
        /**
         * TaskEventView
         * @description One change of a task's status, and its source.
         */
        TaskEventView: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Status */
            status: string;
            /** Source */
            source: string;
            /** Detail */
            detail: string | null;
        };
        /**
         * TaskMediaView
         * @description The results of a task; ``content`` is null as long as it has none.
         */
        TaskMediaView: {
            /** Id */
            id: string;
            /** Tenant Id */
            tenant_id: string;
            /**
             * Content
             * @description as the tenant sees it: links, and until when they work
             */
            content: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * TaskPage
         * @description A page of the tenant's tasks, newest first.
         */
        TaskPage: {
            /** Items */
            items: components["schemas"]["ListedTask"][];
            /** Total */
            total: number;
        };
        /**
         * TaskView
         * @description A task without its content and its result.
         *
         *     ``id`` is the id that the tenant knows, ``spare_id`` our own. ``status`` is the stored one, so a create that is
         *     under way or of unknown outcome differs from a queued task. ``claimed_upstream_id`` comes from a callback that
         *     arrived before the id was known. Of the callback URL only the origin is shown.
         */
        TaskView: {
            /** Id */
            id: string;
            /** Spare Id */
            spare_id: string;
            /** Upstream Id */
            upstream_id: string | null;
            /** Claimed Upstream Id */
            claimed_upstream_id: string | null;
            /** Tenant Id */
            tenant_id: string;
            /** Key Id */
            key_id: string;
            /** Channel Id */
            channel_id: string | null;
            /** Channel Name */
            channel_name: string | null;
            /** Model */
            model: string;
            /** Upstream Model */
            upstream_model: string;
            /** Service Tier */
            service_tier: string;
            /** Status */
            status: string;
            /** Error */
            error: {
                [key: string]: unknown;
            } | null;
            /** Total Tokens */
            total_tokens: number | null;
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /** Callback Origin */
            callback_origin: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Sent At */
            sent_at: string | null;
            /** Cut At */
            cut_at: string | null;
            /** Absent At */
            absent_at: string | null;
            /** Asked At */
            asked_at: string | null;
            /** Polled At */
            polled_at: string | null;
            /** Next Poll At */
            next_poll_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Deleted At */
            deleted_at: string | null;
        };
        /**
         * TasksView
         * @description Tasks by status.
         */
        TasksView: {
            /**
             * Unfinished
             * @description at this moment
             */
            unfinished: {
                [key: string]: number;
            };
            /**
             * Ended
             * @description of those that were created within the series
             */
            ended: {
                [key: string]: number;
            };
        };
        /**
         * TenantCounts
         * @description What a tenant has: keys that work, and tasks that are not final.
         */
        TenantCounts: {
            /** Working Keys */
            working_keys: number;
            /** Unfinished Tasks */
            unfinished_tasks: number;
        };
        /**
         * TenantView
         * @description A tenant; ``counts`` is null unless the request asks for it.
         */
        TenantView: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Status */
            status: string;
            /** Limits */
            limits: {
                [key: string]: unknown;
            };
            /** Allowed Models */
            allowed_models: string[] | null;
            /** Allowed Channels */
            allowed_channels: string[] | null;
            /** Permissions */
            permissions: string[];
            /** Allow Key As Access Key Id */
            allow_key_as_access_key_id: boolean;
            /** Archive */
            archive: string;
            /** Archive Days */
            archive_days: number | null;
            /** Metadata */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            counts?: components["schemas"]["TenantCounts"] | null;
        };
        /**
         * ToolUsage
         * @description How often tools were used.
         */
        ToolUsage: {
            /** Web Search */
            web_search?: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * Usage
         * @description What a task used.
         */
        Usage: {
            /** Completion Tokens */
            completion_tokens?: number;
            /** Prompt Tokens */
            prompt_tokens?: number;
            /** Total Tokens */
            total_tokens?: number;
            /** Tool Usage */
            tool_usage?: components["schemas"]["ToolUsage"];
        } & {
            [key: string]: unknown;
        };
        /**
         * UsageSum
         * @description What the tasks of one group used and cost, in one currency.
         */
        UsageSum: {
            /**
             * Id
             * @description the group: an id, a model's name, or a day such as 2030-01-31
             */
            id: string | null;
            /**
             * Name
             * @description of the tenant, key or channel
             */
            name: string | null;
            /**
             * Tenant Id
             * @description the same as `id`, of a group by tenant
             */
            tenant_id?: string | null;
            /**
             * Key Id
             * @description the same as `id`, of a group by key
             */
            key_id?: string | null;
            /**
             * Model
             * @description the same as `id`, of a group by model
             */
            model?: string | null;
            /**
             * Channel Id
             * @description the same as `id`, of a group by channel
             */
            channel_id?: string | null;
            /**
             * Day
             * @description the same as `id`, of a group by day
             */
            day?: string | null;
            /**
             * Total Tokens
             * @description as the upstream bills them, with corrections
             */
            total_tokens: number;
            /**
             * Tasks
             * @description tasks that have ended, whether they cost something or not
             */
            tasks: number;
            /**
             * Web Searches
             * @description searches of the tool `web_search`, which the upstream bills apart
             */
            web_searches: number;
            /**
             * Cost Micros
             * @description in millionths of `currency`; null without a price
             */
            cost_micros: number | null;
            /**
             * Currency
             * @description null: the tasks without a price
             */
            currency: string | null;
            /**
             * Unpriced Tasks
             * @description tasks that cost tokens for which the list had no price
             */
            unpriced_tasks: number;
            /**
             * Unpriced Tokens
             * @description their tokens
             */
            unpriced_tokens: number;
            /**
             * Estimated Tasks
             * @description tasks whose tokens or price the upstream did not tell
             */
            estimated_tasks: number;
        };
        /**
         * VerificationView
         * @description A face verification; ``group_id`` is the group that it yielded.
         */
        VerificationView: {
            /** Tenant Id */
            tenant_id: string;
            /** Channel Id */
            channel_id: string;
            /** Project Name */
            project_name: string;
            /** Group Id */
            group_id: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Finished At */
            finished_at: string | null;
        };
        /**
         * Video
         * @description A video; what is not known, or not yet, is null.
         */
        Video: {
            /**
             * Id
             * @example cgt-20260518175249-8x55h
             */
            id: string;
            /**
             * Object
             * @constant
             */
            object: "video";
            /**
             * Model
             * @description the name of the model in the catalogue
             */
            model: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "in_progress" | "completed" | "failed";
            /**
             * Progress
             * @description percent, by time; it never falls, and is 0 until the video was seen running
             */
            progress: number;
            /**
             * Created At
             * @description Unix seconds
             */
            created_at: number;
            /** Completed At */
            completed_at: number | null;
            /**
             * Expires At
             * @description until when the video can be fetched, Unix seconds
             */
            expires_at: number | null;
            error: components["schemas"]["VideoFailure"] | null;
            /**
             * Prompt
             * @description prompts are not kept
             */
            prompt: null;
            /** Remixed From Video Id */
            remixed_from_video_id: null;
            /**
             * Seconds
             * @description of the video, before it is made: as asked for
             */
            seconds: string | null;
            /**
             * Size
             * @description width and height, as for `seconds`; null while the model chooses
             */
            size: string | null;
            usage: components["schemas"]["Usage"] | null;
            metadata: components["schemas"]["VideoMetadata"];
        };
        /**
         * VideoFailure
         * @description Why a video failed; the code is the upstream's where it gave one.
         */
        VideoFailure: {
            /** Code */
            code: string;
            /** Message */
            message: string;
        };
        /**
         * VideoMetadata
         * @description What OpenAI's object has no member for.
         */
        VideoMetadata: {
            /**
             * Url
             * @description where the video can be fetched without a key, until `expires_at`
             */
            url: string | null;
            /** Last Frame Url */
            last_frame_url: string | null;
            /** Resolution */
            resolution: string | null;
            /** Ratio */
            ratio: string | null;
        };
        /**
         * VideoPage
         * @description A page of the tenant's videos.
         */
        VideoPage: {
            /**
             * Object
             * @constant
             */
            object: "list";
            /** Data */
            data: components["schemas"]["Video"][];
            /** First Id */
            first_id: string | null;
            /**
             * Last Id
             * @description `after` of the next page
             */
            last_id: string | null;
            /** Has More */
            has_more: boolean;
        };
        /**
         * AdminErrorBody
         * @description The body of an error of the admin API, and of OpenAI's dialect.
         */
        AdminErrorBody: {
            error: components["schemas"]["ErrorDetail"];
        };
        /**
         * ErrorDetail
         * @description An error, for the task SDKs and the admin API.
         */
        ErrorDetail: {
            /** Code */
            code: string;
            /** Message */
            message: string;
            /** Param */
            param: string | null;
            /** Type */
            type: string;
        };
        /**
         * FailedMetadata
         * @description What the OpenAPI SDKs read of an error.
         */
        FailedMetadata: {
            /** Requestid */
            RequestId: string;
            /** Action */
            Action: string;
            /** Version */
            Version: string;
            /** Service */
            Service: string;
            /** Region */
            Region: string;
            Error: components["schemas"]["MetadataError"];
        };
        /**
         * MetadataError
         * @description An error, for the OpenAPI SDKs.
         */
        MetadataError: {
            /** Code */
            Code: string;
            /** Message */
            Message: string;
        };
        /**
         * TenantErrorBody
         * @description The body of every other error, with a part for each family of SDKs.
         */
        TenantErrorBody: {
            error: components["schemas"]["ErrorDetail"];
            ResponseMetadata: components["schemas"]["FailedMetadata"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_tasks: {
        parameters: {
            query?: {
                /** @description page, from 1 */
                page_num?: number;
                /** @description tasks on a page */
                page_size?: number;
                /** @description only tasks in this state */
                "filter.status"?: "cancelled" | "expired" | "failed" | "queued" | "running" | "succeeded";
                /** @description a name or alias of a model, or what it is called upstream */
                "filter.model"?: string;
                /** @description only this tier; all tiers unless named */
                "filter.service_tier"?: string;
                /** @description any of these, at most 500; repeated, or joined by commas */
                "filter.task_ids"?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    create_task: {
        parameters: {
            query?: {
                /** @description only validate and estimate the cost: nothing is sent or stored */
                dry_run?: boolean;
            };
            header?: {
                /** @description identifies one create: a second request with the same key and an equal body gets what the first one made */
                "Idempotency-Key"?: string;
                /** @description another name of `Idempotency-Key` */
                "X-Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description which model makes the video. values: a name of a model that the key may use. gateway: the upstream is sent its own id of the model
                     * @example doubao-seedance-2
                     */
                    model: string;
                    /** @description the prompt and the media. values: at least one item */
                    content: ({
                        /** @constant */
                        type: "text";
                        text: string;
                    } | {
                        /** @constant */
                        type: "image_url";
                        image_url: {
                            /** @description a web URL has at most 8192 characters */
                            url: string;
                        };
                        /**
                         * @description a single image without a role is the first frame; a last frame needs a first one; references: at most 30 with 2-5, 2-5-premium; 9 with 2-0, 2-0-fast, 2-0-mini; 4 with 1-0-lite-i2v
                         * @enum {string|null}
                         */
                        role?: "first_frame" | "last_frame" | "reference_image" | null;
                    } | {
                        /** @constant */
                        type: "video_url";
                        video_url: {
                            /** @description a web URL has at most 8192 characters */
                            url: string;
                        };
                        /**
                         * @description at most 10 with 2-5, 2-5-premium; 3 with 2-0, 2-0-fast, 2-0-mini
                         * @enum {string|null}
                         */
                        role?: "reference_video" | null;
                    } | {
                        /** @constant */
                        type: "audio_url";
                        audio_url: {
                            /** @description a web URL has at most 8192 characters */
                            url: string;
                        };
                        /**
                         * @description at most 10 with 2-5, 2-5-premium; 3 with 2-0, 2-0-fast, 2-0-mini; alone with 2-5, 2-5-premium
                         * @enum {string|null}
                         */
                        role?: "reference_audio" | null;
                    } | {
                        /** @constant */
                        type: "draft_task";
                        draft_task: {
                            /** @example cgt-20260518175249-8x55h */
                            id: string;
                        };
                    })[];
                    /**
                     * Format: int64
                     * @description length of the video in seconds; -1 leaves it to the model. values: 2-5, 2-5-premium: 4 to 30; 2-0, 2-0-fast, 2-0-mini: 4 to 15; 1-5-pro: 4 to 12; 1-0-pro, 1-0-pro-fast, 1-0-lite-t2v, 1-0-lite-i2v: 2 to 12; -1: 2-5, 2-5-premium, 2-0, 2-0-fast, 2-0-mini, 1-5-pro. default: 5; 2-5, 2-5-premium: -1. gateway: `doubao-seedance-2` and `-2-fast`: 5 to 15; others as the model's row says
                     */
                    duration?: number | null;
                    /**
                     * Format: int64
                     * @description length of the video in frames, in place of `duration`. values: 29 to 289; of the form 25+4n. models: 1-0-pro, 1-0-pro-fast, 1-0-lite-t2v, 1-0-lite-i2v. gateway: 1 or more; the rest is left to the upstream
                     */
                    frames?: number | null;
                    /**
                     * @description size of the frames. values: 2-5-premium, 2-0: 480p, 720p, 1080p, 4k; 2-5, 1-5-pro, 1-0-pro, 1-0-pro-fast: 480p, 720p, 1080p; 2-0-fast, 2-0-mini, 1-0-lite-t2v, 1-0-lite-i2v: 480p, 720p; a draft: 480p; the final video of a 2-5 draft: 1080p; the final video of a 2-5-premium draft: 4k; the final video of a 1-5-pro draft: 480p, 720p, 1080p; in upper or lower case. default: 720p; 1-0-pro, 1-0-pro-fast: 1080p; a draft, and the final video of a 2-5 one: its only value. gateway: as the model's row says, in exactly that spelling
                     * @example 480p
                     * @example 720p
                     * @example 1080p
                     * @example 4k
                     */
                    resolution?: string | null;
                    /**
                     * @description width to height. values: `16:9`, `4:3`, `1:1`, `3:4`, `9:16`, `21:9`, `adaptive`; 2-5 with a first frame, for edit and extend: adaptive. default: adaptive; 1-0 from text: 16:9. gateway: `doubao-seedance-2` and `-2-fast`: 16:9, 9:16, 1:1; others as the model's row says
                     * @example 16:9
                     * @example 4:3
                     * @example 1:1
                     * @example 3:4
                     * @example 9:16
                     * @example 21:9
                     * @example adaptive
                     */
                    ratio?: string | null;
                    /**
                     * Format: int64
                     * @description the same seed and request give a similar video; -1 draws one. values: -1 to 4294967295. gateway: the range is checked here, too
                     * @default -1
                     */
                    seed?: number | null;
                    /** @description whether the video has sound. models: all but 1-0-pro, 1-0-pro-fast, 1-0-lite-t2v, 1-0-lite-i2v. default: true. gateway: `doubao-seedance-2` and `-2-fast`: false */
                    generate_audio?: boolean | null;
                    /**
                     * @description whether the frames say that the video is generated
                     * @default false
                     */
                    watermark?: boolean | null;
                    /**
                     * @description whether GET shows the last frame as `content.last_frame_url`; not for a draft
                     * @default false
                     */
                    return_last_frame?: boolean | null;
                    /**
                     * @description `flex` waits longer and costs less. values: `default`, `flex`; flex: 1-5 and 1-0, not for a draft. models: all but 2-0-fast. gateway: at most 32 characters; the rest is left to the upstream
                     * @default default
                     * @example default
                     * @example flex
                     */
                    service_tier?: string | null;
                    /**
                     * Format: int64
                     * @description seconds after its creation at which an unfinished task ends as `expired`. values: 3600 to 259200. models: all but 2-0-fast. gateway: 1 or more; the rest is left to the upstream
                     * @default 172800
                     */
                    execution_expires_after?: number | null;
                    /** @description what the model may use: `[{"type": "web_search"}]`. values: `web_search`; of Volcano Engine alone, not BytePlus. models: 2-0, 2-0-fast. gateway: another `type` is refused here */
                    tools?: {
                        /** @enum {string} */
                        type: "web_search";
                    }[] | null;
                    /**
                     * Format: uri
                     * @description where each change of the task is reported to, see webhooks.md. values: a web URL. gateway: kept here: the gateway delivers, signed; the upstream gets an address of the gateway's or none
                     */
                    callback_url?: string | null;
                    /**
                     * @description whether this is a cheap preview, of which a `draft_task` makes the final video. models: 2-5, 2-5-premium, 1-5-pro. gateway: only the JSON type is checked here
                     * @default false
                     */
                    draft?: boolean | null;
                    /**
                     * @description whether the camera stands still; not with reference images. models: 1-5-pro, 1-0-pro, 1-0-pro-fast, 1-0-lite-t2v, 1-0-lite-i2v. gateway: only the JSON type is checked here
                     * @default false
                     */
                    camera_fixed?: boolean | null;
                    /**
                     * Format: int64
                     * @description higher runs first among the waiting tasks of the account. values: 0 to 9. models: 2-5, 2-5-premium, 2-0, 2-0-fast, 2-0-mini. gateway: only the JSON type is checked here
                     * @default 0
                     */
                    priority?: number | null;
                    /** @description a hash that stands for the end user. values: at most 64 characters. gateway: only the JSON type is checked here */
                    safety_identifier?: string | null;
                    /**
                     * @description what is made of the references: edit needs a reference video of 4 to 30 s and `duration` -1. values: `auto`, `reference`, `edit`, `extend`. models: 2-5, 2-5-premium. gateway: only the JSON type is checked here
                     * @default auto
                     * @example auto
                     * @example reference
                     * @example edit
                     * @example extend
                     */
                    omni_reference_task_type?: string | null;
                    /**
                     * @description container of the video. values: `mp4`, `mov`. models: 2-5, 2-5-premium. gateway: only the JSON type is checked here
                     * @default mp4
                     * @example mp4
                     * @example mov
                     */
                    output_format?: string | null;
                    /** @description none of the models here takes it. models: none. gateway: passed on as it is */
                    bitrate_mode?: unknown;
                    /** @description in the types of the official SDKs, without a documented meaning for these models. gateway: passed on as it is */
                    subdivision_level?: unknown;
                    /** @description in the types of the official SDKs, without a documented meaning for these models. gateway: passed on as it is */
                    file_format?: unknown;
                    /** @description in the types of the official SDKs, without a documented meaning for these models. gateway: passed on as it is */
                    optimize_prompt?: unknown;
                    /** @description in the types of the official SDKs, without a documented meaning for these models. gateway: passed on as it is */
                    reasoning_effort?: unknown;
                    /** @description in the types of the official SDKs, without a documented meaning for these models. gateway: passed on as it is */
                    human_face_mode?: unknown;
                } & {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedTask"] | components["schemas"]["DryRun"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    get_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShownTask"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    delete_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedTask"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    CreateAssetGroup: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: {
                /** @description identifies one create: a second request with the same key and an equal body gets what the first one made */
                "Idempotency-Key"?: string;
                /** @description another name of `Idempotency-Key` */
                "X-Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Name */
                    Name: string;
                    /** Description */
                    Description?: string | null;
                    /**
                     * Grouptype
                     * @constant
                     */
                    GroupType: "AIGC";
                    /** Projectname */
                    ProjectName?: string | null;
                } & {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    ListAssetGroups: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * GroupFilter
                     * @description Selects groups; ``Name`` matches substrings in any case.
                     */
                    Filter: {
                        /**
                         * Grouptype
                         * @enum {string}
                         */
                        GroupType: "AIGC" | "LivenessFace";
                        /** Groupids */
                        GroupIds?: string[] | null;
                        /** Name */
                        Name?: string | null;
                    };
                    /**
                     * Pagenumber
                     * @default 1
                     */
                    PageNumber?: number;
                    /**
                     * Pagesize
                     * @default 20
                     */
                    PageSize?: number;
                    /**
                     * Sortby
                     * @default CreateTime
                     * @enum {string}
                     */
                    SortBy?: "CreateTime" | "UpdateTime";
                    /**
                     * Sortorder
                     * @default Desc
                     * @enum {string}
                     */
                    SortOrder?: "Desc" | "Asc";
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    GetAssetGroup: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Id */
                    Id: string;
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupDetail"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    UpdateAssetGroup: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Id */
                    Id: string;
                    /** Name */
                    Name?: string | null;
                    /** Description */
                    Description?: string | null;
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    DeleteAssetGroup: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Id */
                    Id: string;
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NothingResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    CreateAsset: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: {
                /** @description identifies one create: a second request with the same key and an equal body gets what the first one made */
                "Idempotency-Key"?: string;
                /** @description another name of `Idempotency-Key` */
                "X-Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Groupid */
                    GroupId: string;
                    /**
                     * Url
                     * Format: uri
                     */
                    URL: string;
                    /** Name */
                    Name?: string | null;
                    /**
                     * Assettype
                     * @enum {string}
                     */
                    AssetType: "Image" | "Video" | "Audio";
                    Moderation?: {
                        /** Strategy */
                        Strategy?: ("Default" | "Skip") | null;
                    } | null;
                    /** Projectname */
                    ProjectName?: string | null;
                } & {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    ListAssets: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * AssetFilter
                     * @description Selects assets.
                     */
                    Filter: {
                        /**
                         * Grouptype
                         * @enum {string}
                         */
                        GroupType: "AIGC" | "LivenessFace";
                        /** Groupids */
                        GroupIds?: string[] | null;
                        /** Name */
                        Name?: string | null;
                        /** Statuses */
                        Statuses?: ("Active" | "Processing" | "Failed")[] | null;
                    };
                    /** Pagenumber */
                    PageNumber: number;
                    /** Pagesize */
                    PageSize: number;
                    /**
                     * Sortby
                     * @default CreateTime
                     * @enum {string}
                     */
                    SortBy?: "CreateTime" | "UpdateTime" | "GroupId";
                    /**
                     * Sortorder
                     * @default Desc
                     * @enum {string}
                     */
                    SortOrder?: "Desc" | "Asc";
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    GetAsset: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Id */
                    Id: string;
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetDetail"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    UpdateAsset: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Id */
                    Id: string;
                    /** Name */
                    Name?: string | null;
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    DeleteAsset: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Id */
                    Id: string;
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NothingResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    CreateVisualValidateSession: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * Callbackurl
                     * Format: uri
                     */
                    CallbackURL: string;
                    /** Projectname */
                    ProjectName?: string | null;
                } & {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    GetVisualValidateResult: {
        parameters: {
            query?: {
                /** @description the action that the path names; OpenAPI SDKs send it */
                Action?: string;
                Version?: "2024-01-01";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** Bytedtoken */
                    BytedToken: string;
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FaceResultResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    call_asset_action: {
        parameters: {
            query: {
                Action: "CreateAssetGroup" | "ListAssetGroups" | "GetAssetGroup" | "UpdateAssetGroup" | "DeleteAssetGroup" | "CreateAsset" | "ListAssets" | "GetAsset" | "UpdateAsset" | "DeleteAsset" | "CreateVisualValidateSession" | "GetVisualValidateResult";
                Version?: "2024-01-01";
            };
            header?: {
                /** @description identifies one create: a second request with the same key and an equal body gets what the first one made */
                "Idempotency-Key"?: string;
                /** @description another name of `Idempotency-Key` */
                "X-Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": ({
                    /** Name */
                    Name: string;
                    /** Description */
                    Description?: string | null;
                    /**
                     * Grouptype
                     * @constant
                     */
                    GroupType: "AIGC";
                    /** Projectname */
                    ProjectName?: string | null;
                } & {
                    [key: string]: unknown;
                }) | {
                    /**
                     * GroupFilter
                     * @description Selects groups; ``Name`` matches substrings in any case.
                     */
                    Filter: {
                        /**
                         * Grouptype
                         * @enum {string}
                         */
                        GroupType: "AIGC" | "LivenessFace";
                        /** Groupids */
                        GroupIds?: string[] | null;
                        /** Name */
                        Name?: string | null;
                    };
                    /**
                     * Pagenumber
                     * @default 1
                     */
                    PageNumber?: number;
                    /**
                     * Pagesize
                     * @default 20
                     */
                    PageSize?: number;
                    /**
                     * Sortby
                     * @default CreateTime
                     * @enum {string}
                     */
                    SortBy?: "CreateTime" | "UpdateTime";
                    /**
                     * Sortorder
                     * @default Desc
                     * @enum {string}
                     */
                    SortOrder?: "Desc" | "Asc";
                    /** Projectname */
                    ProjectName?: string | null;
                } | {
                    /** Id */
                    Id: string;
                    /** Projectname */
                    ProjectName?: string | null;
                } | {
                    /** Id */
                    Id: string;
                    /** Name */
                    Name?: string | null;
                    /** Description */
                    Description?: string | null;
                    /** Projectname */
                    ProjectName?: string | null;
                } | ({
                    /** Groupid */
                    GroupId: string;
                    /**
                     * Url
                     * Format: uri
                     */
                    URL: string;
                    /** Name */
                    Name?: string | null;
                    /**
                     * Assettype
                     * @enum {string}
                     */
                    AssetType: "Image" | "Video" | "Audio";
                    Moderation?: {
                        /** Strategy */
                        Strategy?: ("Default" | "Skip") | null;
                    } | null;
                    /** Projectname */
                    ProjectName?: string | null;
                } & {
                    [key: string]: unknown;
                }) | {
                    /**
                     * AssetFilter
                     * @description Selects assets.
                     */
                    Filter: {
                        /**
                         * Grouptype
                         * @enum {string}
                         */
                        GroupType: "AIGC" | "LivenessFace";
                        /** Groupids */
                        GroupIds?: string[] | null;
                        /** Name */
                        Name?: string | null;
                        /** Statuses */
                        Statuses?: ("Active" | "Processing" | "Failed")[] | null;
                    };
                    /** Pagenumber */
                    PageNumber: number;
                    /** Pagesize */
                    PageSize: number;
                    /**
                     * Sortby
                     * @default CreateTime
                     * @enum {string}
                     */
                    SortBy?: "CreateTime" | "UpdateTime" | "GroupId";
                    /**
                     * Sortorder
                     * @default Desc
                     * @enum {string}
                     */
                    SortOrder?: "Desc" | "Asc";
                    /** Projectname */
                    ProjectName?: string | null;
                } | {
                    /** Id */
                    Id: string;
                    /** Name */
                    Name?: string | null;
                    /** Projectname */
                    ProjectName?: string | null;
                } | ({
                    /**
                     * Callbackurl
                     * Format: uri
                     */
                    CallbackURL: string;
                    /** Projectname */
                    ProjectName?: string | null;
                } & {
                    [key: string]: unknown;
                }) | {
                    /** Bytedtoken */
                    BytedToken: string;
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdResponse"] | components["schemas"]["GroupPage"] | components["schemas"]["GroupDetail"] | components["schemas"]["NothingResponse"] | components["schemas"]["AssetPage"] | components["schemas"]["AssetDetail"] | components["schemas"]["SessionResponse"] | components["schemas"]["FaceResultResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    call_asset_action_natively: {
        parameters: {
            query: {
                Action: "CreateAssetGroup" | "ListAssetGroups" | "GetAssetGroup" | "UpdateAssetGroup" | "DeleteAssetGroup" | "CreateAsset" | "ListAssets" | "GetAsset" | "UpdateAsset" | "DeleteAsset" | "CreateVisualValidateSession" | "GetVisualValidateResult";
                Version?: "2024-01-01";
            };
            header?: {
                /** @description identifies one create: a second request with the same key and an equal body gets what the first one made */
                "Idempotency-Key"?: string;
                /** @description another name of `Idempotency-Key` */
                "X-Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": ({
                    /** Name */
                    Name: string;
                    /** Description */
                    Description?: string | null;
                    /**
                     * Grouptype
                     * @constant
                     */
                    GroupType: "AIGC";
                    /** Projectname */
                    ProjectName?: string | null;
                } & {
                    [key: string]: unknown;
                }) | {
                    /**
                     * GroupFilter
                     * @description Selects groups; ``Name`` matches substrings in any case.
                     */
                    Filter: {
                        /**
                         * Grouptype
                         * @enum {string}
                         */
                        GroupType: "AIGC" | "LivenessFace";
                        /** Groupids */
                        GroupIds?: string[] | null;
                        /** Name */
                        Name?: string | null;
                    };
                    /**
                     * Pagenumber
                     * @default 1
                     */
                    PageNumber?: number;
                    /**
                     * Pagesize
                     * @default 20
                     */
                    PageSize?: number;
                    /**
                     * Sortby
                     * @default CreateTime
                     * @enum {string}
                     */
                    SortBy?: "CreateTime" | "UpdateTime";
                    /**
                     * Sortorder
                     * @default Desc
                     * @enum {string}
                     */
                    SortOrder?: "Desc" | "Asc";
                    /** Projectname */
                    ProjectName?: string | null;
                } | {
                    /** Id */
                    Id: string;
                    /** Projectname */
                    ProjectName?: string | null;
                } | {
                    /** Id */
                    Id: string;
                    /** Name */
                    Name?: string | null;
                    /** Description */
                    Description?: string | null;
                    /** Projectname */
                    ProjectName?: string | null;
                } | ({
                    /** Groupid */
                    GroupId: string;
                    /**
                     * Url
                     * Format: uri
                     */
                    URL: string;
                    /** Name */
                    Name?: string | null;
                    /**
                     * Assettype
                     * @enum {string}
                     */
                    AssetType: "Image" | "Video" | "Audio";
                    Moderation?: {
                        /** Strategy */
                        Strategy?: ("Default" | "Skip") | null;
                    } | null;
                    /** Projectname */
                    ProjectName?: string | null;
                } & {
                    [key: string]: unknown;
                }) | {
                    /**
                     * AssetFilter
                     * @description Selects assets.
                     */
                    Filter: {
                        /**
                         * Grouptype
                         * @enum {string}
                         */
                        GroupType: "AIGC" | "LivenessFace";
                        /** Groupids */
                        GroupIds?: string[] | null;
                        /** Name */
                        Name?: string | null;
                        /** Statuses */
                        Statuses?: ("Active" | "Processing" | "Failed")[] | null;
                    };
                    /** Pagenumber */
                    PageNumber: number;
                    /** Pagesize */
                    PageSize: number;
                    /**
                     * Sortby
                     * @default CreateTime
                     * @enum {string}
                     */
                    SortBy?: "CreateTime" | "UpdateTime" | "GroupId";
                    /**
                     * Sortorder
                     * @default Desc
                     * @enum {string}
                     */
                    SortOrder?: "Desc" | "Asc";
                    /** Projectname */
                    ProjectName?: string | null;
                } | {
                    /** Id */
                    Id: string;
                    /** Name */
                    Name?: string | null;
                    /** Projectname */
                    ProjectName?: string | null;
                } | ({
                    /**
                     * Callbackurl
                     * Format: uri
                     */
                    CallbackURL: string;
                    /** Projectname */
                    ProjectName?: string | null;
                } & {
                    [key: string]: unknown;
                }) | {
                    /** Bytedtoken */
                    BytedToken: string;
                    /** Projectname */
                    ProjectName?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NativeResult"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    whoami: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallerView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    own_usage: {
        parameters: {
            query?: {
                /** @description one sum for each */
                group_by?: "day" | "key" | "model";
                /** @description tasks created then or later: a time with an offset, or a day, which begins at its midnight */
                from?: string;
                /** @description tasks created before: a time with an offset, or a day, which is itself left out */
                to?: string;
                /** @description IANA name, of the days in `from`, `to` and `group_by` */
                time_zone?: string;
                /** @description only the tasks of this API key */
                key?: string;
                /** @description only the tasks of this model, by any of its names */
                model?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnUsage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    list_models_of_openai: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    get_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description a name or an alias */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShownModel"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    get_model_of_openai: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description a name or an alias */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShownModel"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    list_videos: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `last_id` of the previous page */
                after?: string;
                /** @description of the creation */
                order?: "asc" | "desc";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VideoPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    create_video: {
        parameters: {
            query?: {
                /** @description only validate and estimate the cost: nothing is sent or stored */
                dry_run?: boolean;
            };
            header?: {
                /** @description identifies one create: a second request with the same key and an equal body gets what the first one made */
                "Idempotency-Key"?: string;
                /** @description another name of `Idempotency-Key` */
                "X-Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description which model makes the video
                     * @example doubao-seedance-2
                     */
                    model: string;
                    /** @description required unless pictures, videos or sounds are given */
                    prompt?: string | null;
                    /**
                     * @description length of the video; 4 by default, or the nearest of the model's
                     * @example 5
                     */
                    seconds?: unknown;
                    /** @description another name of `safety_identifier` */
                    user?: unknown;
                    /** @description another name of `generate_audio` */
                    audio?: unknown;
                    /** @description pixels, `720p`, `16:9` or `16:9_720p` */
                    size?: string | null;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    input_reference?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    image?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    images?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    first_frame_image?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    last_frame?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    reference_images?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    videos?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    reference_videos?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    audios?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    reference_audios?: unknown;
                    /**
                     * @description whether pictures are frames or references
                     * @enum {unknown}
                     */
                    mode?: "i2v" | "r2v" | null;
                    /** @description length of the video in seconds; -1 leaves it to the model. values: 2-5, 2-5-premium: 4 to 30; 2-0, 2-0-fast, 2-0-mini: 4 to 15; 1-5-pro: 4 to 12; 1-0-pro, 1-0-pro-fast, 1-0-lite-t2v, 1-0-lite-i2v: 2 to 12; -1: 2-5, 2-5-premium, 2-0, 2-0-fast, 2-0-mini, 1-5-pro */
                    duration?: number | string | null;
                    /** @description size of the frames. values: 2-5-premium, 2-0: 480p, 720p, 1080p, 4k; 2-5, 1-5-pro, 1-0-pro, 1-0-pro-fast: 480p, 720p, 1080p; 2-0-fast, 2-0-mini, 1-0-lite-t2v, 1-0-lite-i2v: 480p, 720p; a draft: 480p; the final video of a 2-5 draft: 1080p; the final video of a 2-5-premium draft: 4k; the final video of a 1-5-pro draft: 480p, 720p, 1080p; in upper or lower case */
                    resolution?: string | null;
                    /** @description width to height. values: `16:9`, `4:3`, `1:1`, `3:4`, `9:16`, `21:9`, `adaptive`; 2-5 with a first frame, for edit and extend: adaptive */
                    ratio?: string | null;
                    /** @description the same seed and request give a similar video; -1 draws one. values: -1 to 4294967295 */
                    seed?: number | string | null;
                    /** @description whether the video has sound */
                    generate_audio?: boolean | string | null;
                    /** @description whether the frames say that the video is generated */
                    watermark?: boolean | string | null;
                    /** @description whether GET shows the last frame as `content.last_frame_url`; not for a draft */
                    return_last_frame?: boolean | string | null;
                    /** @description whether the camera stands still; not with reference images */
                    camera_fixed?: boolean | string | null;
                    /** @description `flex` waits longer and costs less. values: `default`, `flex`; flex: 1-5 and 1-0, not for a draft */
                    service_tier?: string | null;
                    /** @description higher runs first among the waiting tasks of the account. values: 0 to 9 */
                    priority?: number | string | null;
                    /** @description container of the video. values: `mp4`, `mov` */
                    output_format?: string | null;
                    /** @description what is made of the references: edit needs a reference video of 4 to 30 s and `duration` -1. values: `auto`, `reference`, `edit`, `extend` */
                    omni_reference_task_type?: string | null;
                    /** @description what the model may use: `[{"type": "web_search"}]`. values: `web_search`; of Volcano Engine alone, not BytePlus */
                    tools?: unknown[] | string | null;
                    /** @description a hash that stands for the end user. values: at most 64 characters */
                    safety_identifier?: string | null;
                    /** @description where each change of the task is reported to, see webhooks.md. values: a web URL */
                    callback_url?: string | null;
                    /** @description seconds after its creation at which an unfinished task ends as `expired`. values: 3600 to 259200 */
                    execution_expires_after?: number | string | null;
                    /** @description whether this is a cheap preview, of which a `draft_task` makes the final video */
                    draft?: boolean | string | null;
                    /** @description 1 */
                    n?: unknown;
                    /** @description false */
                    stream?: unknown;
                    /** @description not supported */
                    response_format?: null;
                    /** @description an object of further parameters, as if they stood beside it; may be a text of JSON */
                    metadata?: unknown;
                    /** @description an object of further parameters, as if they stood beside it; may be a text of JSON */
                    extra_body?: unknown;
                };
                "multipart/form-data": {
                    /**
                     * @description which model makes the video
                     * @example doubao-seedance-2
                     */
                    model: string;
                    /** @description required unless pictures, videos or sounds are given */
                    prompt?: string | null;
                    /**
                     * @description length of the video; 4 by default, or the nearest of the model's
                     * @example 5
                     */
                    seconds?: unknown;
                    /** @description another name of `safety_identifier` */
                    user?: unknown;
                    /** @description another name of `generate_audio` */
                    audio?: unknown;
                    /** @description pixels, `720p`, `16:9` or `16:9_720p` */
                    size?: string | null;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    input_reference?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    image?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    images?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    first_frame_image?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    last_frame?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    reference_images?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    videos?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    reference_videos?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    audios?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    reference_audios?: unknown;
                    /**
                     * @description whether pictures are frames or references
                     * @enum {unknown}
                     */
                    mode?: "i2v" | "r2v" | null;
                    /** @description length of the video in seconds; -1 leaves it to the model. values: 2-5, 2-5-premium: 4 to 30; 2-0, 2-0-fast, 2-0-mini: 4 to 15; 1-5-pro: 4 to 12; 1-0-pro, 1-0-pro-fast, 1-0-lite-t2v, 1-0-lite-i2v: 2 to 12; -1: 2-5, 2-5-premium, 2-0, 2-0-fast, 2-0-mini, 1-5-pro */
                    duration?: number | string | null;
                    /** @description size of the frames. values: 2-5-premium, 2-0: 480p, 720p, 1080p, 4k; 2-5, 1-5-pro, 1-0-pro, 1-0-pro-fast: 480p, 720p, 1080p; 2-0-fast, 2-0-mini, 1-0-lite-t2v, 1-0-lite-i2v: 480p, 720p; a draft: 480p; the final video of a 2-5 draft: 1080p; the final video of a 2-5-premium draft: 4k; the final video of a 1-5-pro draft: 480p, 720p, 1080p; in upper or lower case */
                    resolution?: string | null;
                    /** @description width to height. values: `16:9`, `4:3`, `1:1`, `3:4`, `9:16`, `21:9`, `adaptive`; 2-5 with a first frame, for edit and extend: adaptive */
                    ratio?: string | null;
                    /** @description the same seed and request give a similar video; -1 draws one. values: -1 to 4294967295 */
                    seed?: number | string | null;
                    /** @description whether the video has sound */
                    generate_audio?: boolean | string | null;
                    /** @description whether the frames say that the video is generated */
                    watermark?: boolean | string | null;
                    /** @description whether GET shows the last frame as `content.last_frame_url`; not for a draft */
                    return_last_frame?: boolean | string | null;
                    /** @description whether the camera stands still; not with reference images */
                    camera_fixed?: boolean | string | null;
                    /** @description `flex` waits longer and costs less. values: `default`, `flex`; flex: 1-5 and 1-0, not for a draft */
                    service_tier?: string | null;
                    /** @description higher runs first among the waiting tasks of the account. values: 0 to 9 */
                    priority?: number | string | null;
                    /** @description container of the video. values: `mp4`, `mov` */
                    output_format?: string | null;
                    /** @description what is made of the references: edit needs a reference video of 4 to 30 s and `duration` -1. values: `auto`, `reference`, `edit`, `extend` */
                    omni_reference_task_type?: string | null;
                    /** @description what the model may use: `[{"type": "web_search"}]`. values: `web_search`; of Volcano Engine alone, not BytePlus */
                    tools?: unknown[] | string | null;
                    /** @description a hash that stands for the end user. values: at most 64 characters */
                    safety_identifier?: string | null;
                    /** @description where each change of the task is reported to, see webhooks.md. values: a web URL */
                    callback_url?: string | null;
                    /** @description seconds after its creation at which an unfinished task ends as `expired`. values: 3600 to 259200 */
                    execution_expires_after?: number | string | null;
                    /** @description whether this is a cheap preview, of which a `draft_task` makes the final video */
                    draft?: boolean | string | null;
                    /** @description 1 */
                    n?: unknown;
                    /** @description false */
                    stream?: unknown;
                    /** @description not supported */
                    response_format?: null;
                    /** @description an object of further parameters, as if they stood beside it; may be a text of JSON */
                    metadata?: unknown;
                    /** @description an object of further parameters, as if they stood beside it; may be a text of JSON */
                    extra_body?: unknown;
                };
                "application/x-www-form-urlencoded": {
                    /**
                     * @description which model makes the video
                     * @example doubao-seedance-2
                     */
                    model: string;
                    /** @description required unless pictures, videos or sounds are given */
                    prompt?: string | null;
                    /**
                     * @description length of the video; 4 by default, or the nearest of the model's
                     * @example 5
                     */
                    seconds?: unknown;
                    /** @description another name of `safety_identifier` */
                    user?: unknown;
                    /** @description another name of `generate_audio` */
                    audio?: unknown;
                    /** @description pixels, `720p`, `16:9` or `16:9_720p` */
                    size?: string | null;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    input_reference?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    image?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    images?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    first_frame_image?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    last_frame?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    reference_images?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    videos?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    reference_videos?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    audios?: unknown;
                    /** @description a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; in a multipart form also a file, which must be a picture */
                    reference_audios?: unknown;
                    /**
                     * @description whether pictures are frames or references
                     * @enum {unknown}
                     */
                    mode?: "i2v" | "r2v" | null;
                    /** @description length of the video in seconds; -1 leaves it to the model. values: 2-5, 2-5-premium: 4 to 30; 2-0, 2-0-fast, 2-0-mini: 4 to 15; 1-5-pro: 4 to 12; 1-0-pro, 1-0-pro-fast, 1-0-lite-t2v, 1-0-lite-i2v: 2 to 12; -1: 2-5, 2-5-premium, 2-0, 2-0-fast, 2-0-mini, 1-5-pro */
                    duration?: number | string | null;
                    /** @description size of the frames. values: 2-5-premium, 2-0: 480p, 720p, 1080p, 4k; 2-5, 1-5-pro, 1-0-pro, 1-0-pro-fast: 480p, 720p, 1080p; 2-0-fast, 2-0-mini, 1-0-lite-t2v, 1-0-lite-i2v: 480p, 720p; a draft: 480p; the final video of a 2-5 draft: 1080p; the final video of a 2-5-premium draft: 4k; the final video of a 1-5-pro draft: 480p, 720p, 1080p; in upper or lower case */
                    resolution?: string | null;
                    /** @description width to height. values: `16:9`, `4:3`, `1:1`, `3:4`, `9:16`, `21:9`, `adaptive`; 2-5 with a first frame, for edit and extend: adaptive */
                    ratio?: string | null;
                    /** @description the same seed and request give a similar video; -1 draws one. values: -1 to 4294967295 */
                    seed?: number | string | null;
                    /** @description whether the video has sound */
                    generate_audio?: boolean | string | null;
                    /** @description whether the frames say that the video is generated */
                    watermark?: boolean | string | null;
                    /** @description whether GET shows the last frame as `content.last_frame_url`; not for a draft */
                    return_last_frame?: boolean | string | null;
                    /** @description whether the camera stands still; not with reference images */
                    camera_fixed?: boolean | string | null;
                    /** @description `flex` waits longer and costs less. values: `default`, `flex`; flex: 1-5 and 1-0, not for a draft */
                    service_tier?: string | null;
                    /** @description higher runs first among the waiting tasks of the account. values: 0 to 9 */
                    priority?: number | string | null;
                    /** @description container of the video. values: `mp4`, `mov` */
                    output_format?: string | null;
                    /** @description what is made of the references: edit needs a reference video of 4 to 30 s and `duration` -1. values: `auto`, `reference`, `edit`, `extend` */
                    omni_reference_task_type?: string | null;
                    /** @description what the model may use: `[{"type": "web_search"}]`. values: `web_search`; of Volcano Engine alone, not BytePlus */
                    tools?: unknown[] | string | null;
                    /** @description a hash that stands for the end user. values: at most 64 characters */
                    safety_identifier?: string | null;
                    /** @description where each change of the task is reported to, see webhooks.md. values: a web URL */
                    callback_url?: string | null;
                    /** @description seconds after its creation at which an unfinished task ends as `expired`. values: 3600 to 259200 */
                    execution_expires_after?: number | string | null;
                    /** @description whether this is a cheap preview, of which a `draft_task` makes the final video */
                    draft?: boolean | string | null;
                    /** @description 1 */
                    n?: unknown;
                    /** @description false */
                    stream?: unknown;
                    /** @description not supported */
                    response_format?: null;
                    /** @description an object of further parameters, as if they stood beside it; may be a text of JSON */
                    metadata?: unknown;
                    /** @description an object of further parameters, as if they stood beside it; may be a text of JSON */
                    extra_body?: unknown;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"] | components["schemas"]["DryRun"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    get_video: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    /** @description age in seconds, when the upstream could not be asked and the last known state is shown */
                    "X-Seedgate-Stale"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Video"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    delete_video: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedVideo"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    get_video_content: {
        parameters: {
            query?: {
                /** @description `thumbnail` is the last frame, if the video was made with `return_last_frame` */
                variant?: "video" | "thumbnail" | "spritesheet";
            };
            header?: never;
            path: {
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the file, or a part of it (206), where the gateway passes it on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description where it is, for a while and without a key */
            302: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Requested Range Not Satisfiable */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    remix_video: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                video_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    edit_video: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    extend_video: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    create_character: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LivenessView"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadinessView"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadinessView"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantErrorBody"];
                };
            };
        };
    };
    admin_get_summary: {
        parameters: {
            query?: {
                /** @description one point an hour */
                hours?: number;
                /** @description instead of `hours`: one point a day */
                days?: number;
                /** @description IANA name, of the days and of `today` and `month` */
                time_zone?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SummaryView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_tenants: {
        parameters: {
            query?: {
                /** @description part of the name in any case, or the id of a tenant */
                q?: string;
                /** @description only tenants in this state */
                status?: "active" | "suspended";
                /** @description made then or later, such as 2030-01-31T12:00:00Z */
                from?: string;
                /** @description made before */
                to?: string;
                /** @description whether `counts` of keys and unfinished tasks are shown */
                counts?: boolean;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TenantView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_create_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Name */
                    name: string;
                    /**
                     * Status
                     * @default active
                     * @enum {string}
                     */
                    status?: "active" | "suspended";
                    limits?: {
                        /**
                         * Rps
                         * @description requests a second
                         */
                        rps?: number | null;
                        /**
                         * Rpm
                         * @description requests a minute
                         */
                        rpm?: number | null;
                        /**
                         * Create Rpm
                         * @description creates of video tasks a minute
                         */
                        create_rpm?: number | null;
                        /**
                         * Unfinished Tasks
                         * @description video tasks that have not ended
                         */
                        unfinished_tasks?: number | null;
                        /**
                         * Unfinished Tasks By Model
                         * @description the same of single models, by their names or aliases
                         */
                        unfinished_tasks_by_model?: {
                            [key: string]: number;
                        } | null;
                    } | null;
                    /** Allowed Models */
                    allowed_models?: string[] | null;
                    /** Allowed Channels */
                    allowed_channels?: string[] | null;
                    /** Permissions */
                    permissions?: ("tasks" | "assets" | "read" | "priority" | "4k" | "flex" | "long_expiry")[] | null;
                    /**
                     * Allow Key As Access Key Id
                     * @default true
                     */
                    allow_key_as_access_key_id?: boolean;
                    /**
                     * Archive
                     * @description whether clips are copied into the archive
                     * @default on
                     * @enum {string}
                     */
                    archive?: "on" | "off";
                    /**
                     * Archive Days
                     * @description for how many days copies are kept; null: for good
                     */
                    archive_days?: number | null;
                    /** Metadata */
                    metadata?: {
                        [key: string]: unknown;
                    } | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_tenant: {
        parameters: {
            query?: {
                /** @description whether `counts` of keys and unfinished tasks are shown */
                counts?: boolean;
            };
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_delete_tenant: {
        parameters: {
            query?: {
                /** @description whether the tenant's content is removed, too */
                erase?: boolean;
            };
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the erasure has begun */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErasureView"];
                };
            };
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_update_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Name */
                    name?: string;
                    /**
                     * Status
                     * @enum {string}
                     */
                    status?: "active" | "suspended";
                    limits?: {
                        /**
                         * Rps
                         * @description requests a second
                         */
                        rps?: number | null;
                        /**
                         * Rpm
                         * @description requests a minute
                         */
                        rpm?: number | null;
                        /**
                         * Create Rpm
                         * @description creates of video tasks a minute
                         */
                        create_rpm?: number | null;
                        /**
                         * Unfinished Tasks
                         * @description video tasks that have not ended
                         */
                        unfinished_tasks?: number | null;
                        /**
                         * Unfinished Tasks By Model
                         * @description the same of single models, by their names or aliases
                         */
                        unfinished_tasks_by_model?: {
                            [key: string]: number;
                        } | null;
                    } | null;
                    /** Allowed Models */
                    allowed_models?: string[] | null;
                    /** Allowed Channels */
                    allowed_channels?: string[] | null;
                    /** Permissions */
                    permissions?: ("tasks" | "assets" | "read" | "priority" | "4k" | "flex" | "long_expiry")[] | null;
                    /** Allow Key As Access Key Id */
                    allow_key_as_access_key_id?: boolean;
                    /**
                     * Archive
                     * @description whether clips are copied into the archive
                     * @enum {string}
                     */
                    archive?: "on" | "off";
                    /**
                     * Archive Days
                     * @description for how many days copies are kept; null: for good
                     */
                    archive_days?: number | null;
                    /** Metadata */
                    metadata?: {
                        [key: string]: unknown;
                    } | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_create_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Name */
                    name: string;
                    /** Expires At */
                    expires_at?: string | null;
                    /** Allowed Models */
                    allowed_models?: string[] | null;
                    /** Allowed Ips */
                    allowed_ips?: string[] | null;
                    /** Allowed Channels */
                    allowed_channels?: string[] | null;
                    /** Permissions */
                    permissions?: ("tasks" | "assets" | "read" | "priority" | "4k" | "flex" | "long_expiry")[] | null;
                    limits?: {
                        /**
                         * Rps
                         * @description requests a second
                         */
                        rps?: number | null;
                        /**
                         * Rpm
                         * @description requests a minute
                         */
                        rpm?: number | null;
                        /**
                         * Create Rpm
                         * @description creates of video tasks a minute
                         */
                        create_rpm?: number | null;
                        /**
                         * Unfinished Tasks
                         * @description video tasks that have not ended
                         */
                        unfinished_tasks?: number | null;
                        /**
                         * Unfinished Tasks By Model
                         * @description the same of single models, by their names or aliases
                         */
                        unfinished_tasks_by_model?: {
                            [key: string]: number;
                        } | null;
                    } | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedKeyView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_keys: {
        parameters: {
            query?: {
                /** @description only this tenant's keys */
                tenant?: string;
                /** @description part of the name in any case, or the id or the public part of a key */
                q?: string;
                /** @description only keys in this state */
                status?: "active" | "rotated" | "expired" | "revoked";
                /** @description made then or later, such as 2030-01-31T12:00:00Z */
                from?: string;
                /** @description made before */
                to?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_KeyView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_revoke_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_update_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Name */
                    name?: string;
                    /** Expires At */
                    expires_at?: string | null;
                    /** Allowed Models */
                    allowed_models?: string[] | null;
                    /** Allowed Ips */
                    allowed_ips?: string[] | null;
                    /** Allowed Channels */
                    allowed_channels?: string[] | null;
                    /** Permissions */
                    permissions?: ("tasks" | "assets" | "read" | "priority" | "4k" | "flex" | "long_expiry")[] | null;
                    limits?: {
                        /**
                         * Rps
                         * @description requests a second
                         */
                        rps?: number | null;
                        /**
                         * Rpm
                         * @description requests a minute
                         */
                        rpm?: number | null;
                        /**
                         * Create Rpm
                         * @description creates of video tasks a minute
                         */
                        create_rpm?: number | null;
                        /**
                         * Unfinished Tasks
                         * @description video tasks that have not ended
                         */
                        unfinished_tasks?: number | null;
                        /**
                         * Unfinished Tasks By Model
                         * @description the same of single models, by their names or aliases
                         */
                        unfinished_tasks_by_model?: {
                            [key: string]: number;
                        } | null;
                    } | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_rotate_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Grace Seconds */
                    grace_seconds: number;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedKeyView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_create_signing_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedSigningKeyView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_delete_signing_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_channels: {
        parameters: {
            query?: {
                /** @description part of the name in any case, or the id of a channel */
                q?: string;
                /** @description only channels in this state */
                status?: "active" | "suspended";
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ChannelView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_create_channel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Ark Base Url
                     * @default https://ark.cn-beijing.volces.com/api/v3
                     */
                    ark_base_url?: string;
                    /** Ark Api Key */
                    ark_api_key?: string | null;
                    /**
                     * Openapi Url
                     * @default https://open.volcengineapi.com
                     */
                    openapi_url?: string;
                    /** Access Key Id */
                    access_key_id?: string | null;
                    /** Secret Access Key */
                    secret_access_key?: string | null;
                    /** Session Token */
                    session_token?: string | null;
                    /**
                     * Region
                     * @default cn-beijing
                     */
                    region?: string;
                    /**
                     * Exclusive
                     * @default false
                     */
                    exclusive?: boolean;
                    /**
                     * Correlate
                     * @default off
                     * @enum {string}
                     */
                    correlate?: "off" | "safety_identifier";
                    /** Models */
                    models?: {
                        [key: string]: string;
                    };
                    /** Projects */
                    projects?: string[];
                    /** Media Hosts */
                    media_hosts?: string[];
                    /**
                     * Priority
                     * @default 0
                     */
                    priority?: number;
                    /**
                     * Weight
                     * @default 1
                     */
                    weight?: number;
                    /**
                     * Status
                     * @default active
                     * @enum {string}
                     */
                    status?: "active" | "suspended";
                    /** Name */
                    name: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_channel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                channel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_delete_channel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                channel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_update_channel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                channel_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Ark Base Url */
                    ark_base_url?: string;
                    /** Ark Api Key */
                    ark_api_key?: string | null;
                    /** Openapi Url */
                    openapi_url?: string;
                    /** Access Key Id */
                    access_key_id?: string | null;
                    /** Secret Access Key */
                    secret_access_key?: string | null;
                    /** Session Token */
                    session_token?: string | null;
                    /** Region */
                    region?: string;
                    /** Exclusive */
                    exclusive?: boolean;
                    /**
                     * Correlate
                     * @enum {string}
                     */
                    correlate?: "off" | "safety_identifier";
                    /** Models */
                    models?: {
                        [key: string]: string;
                    };
                    /** Projects */
                    projects?: string[];
                    /** Media Hosts */
                    media_hosts?: string[];
                    /** Priority */
                    priority?: number;
                    /** Weight */
                    weight?: number;
                    /**
                     * Status
                     * @enum {string}
                     */
                    status?: "active" | "suspended";
                    /** Name */
                    name?: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_check_channel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                channel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelCheckView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelsView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_replace_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Data */
                    data: {
                        /** Name */
                        name: string;
                        /** Upstream Id */
                        upstream_id: string;
                        /**
                         * Aliases
                         * @default []
                         */
                        aliases?: string[];
                        /** Regions */
                        regions?: {
                            [key: string]: string | null;
                        };
                        /**
                         * Resolutions
                         * @default [
                         *       "480p",
                         *       "720p",
                         *       "1080p",
                         *       "4k",
                         *       "4K"
                         *     ]
                         */
                        resolutions?: string[];
                        /**
                         * Ratios
                         * @default [
                         *       "16:9",
                         *       "4:3",
                         *       "1:1",
                         *       "3:4",
                         *       "9:16",
                         *       "21:9",
                         *       "adaptive"
                         *     ]
                         */
                        ratios?: string[];
                        /**
                         * Duration Min
                         * @default 4
                         */
                        duration_min?: number;
                        /**
                         * Duration Max
                         * @default 15
                         */
                        duration_max?: number;
                        /**
                         * Is Auto Duration Allowed
                         * @default true
                         */
                        is_auto_duration_allowed?: boolean;
                        /**
                         * Max Reference Images
                         * @default 9
                         */
                        max_reference_images?: number;
                        /**
                         * Max Reference Videos
                         * @default 3
                         */
                        max_reference_videos?: number;
                        /**
                         * Max Reference Audios
                         * @default 3
                         */
                        max_reference_audios?: number;
                        /**
                         * Takes Generate Audio
                         * @default true
                         */
                        takes_generate_audio?: boolean;
                        /** Generate Audio Default */
                        generate_audio_default?: boolean | null;
                        /**
                         * Is Audio Alone Allowed
                         * @default false
                         */
                        is_audio_alone_allowed?: boolean;
                    }[];
                    /**
                     * Has More
                     * @default false
                     * @constant
                     */
                    has_more?: false;
                    /** Next Cursor */
                    next_cursor?: null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelsView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_prices: {
        parameters: {
            query?: {
                /** @description the list as it was at this time */
                at?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PricesView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_replace_prices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Data */
                    data: {
                        /** Upstream Model */
                        upstream_model: string;
                        /** Resolution */
                        resolution?: string | null;
                        /** Has Video Input */
                        has_video_input?: boolean | null;
                        /** Service Tier */
                        service_tier?: string | null;
                        /** Has Audio */
                        has_audio?: boolean | null;
                        /** Currency */
                        currency: string;
                        /** Micros Per Million Tokens */
                        micros_per_million_tokens: number;
                        /**
                         * Valid From
                         * Format: date-time
                         */
                        valid_from?: string;
                    }[];
                    /**
                     * Has More
                     * @default false
                     * @constant
                     */
                    has_more?: false;
                    /** Next Cursor */
                    next_cursor?: null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PricesView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_budgets: {
        parameters: {
            query?: {
                /** @description only this tenant's budgets, those of its keys among them */
                tenant?: string;
                /** @description only the budgets of this key */
                key?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_BudgetView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_create_budget: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Tenant Id */
                    tenant_id: string;
                    /**
                     * Key Id
                     * @description only the creates of this key, and of those that replace it
                     */
                    key_id?: string | null;
                    /**
                     * Amount Micros
                     * @description in millionths of `currency`
                     */
                    amount_micros: number;
                    /**
                     * Currency
                     * @description of a price in the list, such as `CNY`
                     */
                    currency: string;
                    /**
                     * Period
                     * @enum {string}
                     */
                    period: "day" | "month" | "total";
                    /**
                     * Time Zone
                     * @description IANA name, of the calendar of `day` and `month`
                     * @default UTC
                     */
                    time_zone?: string;
                    /**
                     * Is Hard
                     * @description true: a create that could exceed it is refused; false: it passes, and the operator is notified
                     * @default true
                     */
                    is_hard?: boolean;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_budget: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                budget_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_delete_budget: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                budget_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_update_budget: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                budget_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Amount Micros
                     * @description in millionths of `currency`
                     * @default 1
                     */
                    amount_micros?: number;
                    /**
                     * Is Hard
                     * @description true: a create that could exceed it is refused; false: it passes, and the operator is notified
                     * @default true
                     */
                    is_hard?: boolean;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_tasks: {
        parameters: {
            query?: {
                /** @description only the task with this id: the tenant's, upstream's or spare one */
                id?: string;
                /** @description only this tenant's tasks */
                tenant?: string;
                /** @description only tasks in this state */
                status?: "submitting" | "unknown" | "queued" | "running" | "succeeded" | "failed" | "expired" | "cancelled";
                /** @description a name or alias of a model, or what it is called upstream */
                model?: string;
                /** @description name or id of a channel */
                channel?: string;
                /** @description only tasks that were made with the API key of this id */
                key?: string;
                /** @description made then or later, such as 2030-01-31T12:00:00Z */
                from?: string;
                /** @description made before */
                to?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TaskView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetailView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_task_media: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskMediaView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_refresh_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetailView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_cancel_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetailView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_resolve_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                task_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Upstream Id
                     * @description the upstream task that the create made
                     */
                    upstream_id?: string | null;
                    /**
                     * Absent
                     * @description the create made no upstream task, and nothing was charged
                     */
                    absent?: true | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDetailView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_orphans: {
        parameters: {
            query?: {
                /** @description only the one with this id of the upstream */
                upstream_id?: string;
                /** @description only those that the create of this task may have made; the spare id */
                task?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OrphanView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_groups: {
        parameters: {
            query?: {
                /** @description only this tenant's */
                tenant?: string;
                /** @description only groups of this kind */
                type?: "AIGC" | "LivenessFace";
                /** @description part of the name in any case, or the id of a group */
                q?: string;
                /** @description made then or later, such as 2030-01-31T12:00:00Z */
                from?: string;
                /** @description made before */
                to?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_GroupView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_assets: {
        parameters: {
            query?: {
                /** @description only this tenant's */
                tenant?: string;
                /** @description only assets of the group with this id */
                group?: string;
                /** @description only assets in this state */
                status?: "Processing" | "Active" | "Failed";
                /** @description only assets of this kind */
                type?: "Image" | "Video" | "Audio";
                /** @description part of the name in any case, or the id of an asset */
                q?: string;
                /** @description made then or later, such as 2030-01-31T12:00:00Z */
                from?: string;
                /** @description made before */
                to?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AssetView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_asset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                asset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_asset_media: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                asset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssetMediaView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_face_verifications: {
        parameters: {
            query?: {
                /** @description only this tenant's */
                tenant?: string;
                /** @description made then or later, such as 2030-01-31T12:00:00Z */
                from?: string;
                /** @description made before */
                to?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_VerificationView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_reconcile: {
        parameters: {
            query?: {
                /** @description the start of the period; required */
                since?: string;
                /** @description only this channel; name or id */
                channel?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description a JSON object in each line */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": {
                        /**
                         * Type
                         * @default object
                         * @constant
                         */
                        type: "object";
                        /**
                         * Kind
                         * @description `task`, `group` or `asset`
                         */
                        kind: string;
                        /** Upstream Id */
                        upstream_id: string;
                        /** Channel Id */
                        channel_id: string;
                        /** Channel Name */
                        channel_name: string;
                        /**
                         * Created At
                         * @description on the upstream's clock
                         */
                        created_at: string | null;
                        /**
                         * Status
                         * @description the upstream's word; null for a group
                         */
                        status: string | null;
                        /**
                         * Model
                         * @description of a task, as the upstream calls it
                         */
                        model?: string | null;
                        /**
                         * Service Tier
                         * @description of a task
                         */
                        service_tier?: string | null;
                        /**
                         * Total Tokens
                         * @description what is billed for a task, once that is known
                         */
                        total_tokens?: number | null;
                        /**
                         * Name
                         * @description of a group or asset
                         */
                        name?: string | null;
                        /**
                         * Group Id
                         * @description of an asset
                         */
                        group_id?: string | null;
                        /**
                         * Is In Flight
                         * @description a create that is under way at this moment may have made it: ask again
                         */
                        is_in_flight: boolean;
                        /**
                         * Is Ours
                         * @description null: another program on the account may have made it
                         */
                        is_ours: true | null;
                        /**
                         * Likely Tenant
                         * @description the tenant that the evidence names, if this gateway made it
                         */
                        likely_tenant: string | null;
                        /**
                         * Evidence
                         * @description why, in a few words
                         */
                        evidence: string | null;
                        /**
                         * Possible Tasks
                         * @description our own ids of the open or ended creates that may have made a task, at most a hundred
                         * @default []
                         */
                        possible_tasks: string[];
                    } | {
                        /**
                         * Type
                         * @default list
                         * @constant
                         */
                        type: "list";
                        /** Kind */
                        kind: string;
                        /** Channel Id */
                        channel_id: string;
                        /** Channel Name */
                        channel_name: string;
                        /**
                         * Since
                         * Format: date-time
                         * @description how far back it was read: the upstream keeps tasks for seven days
                         */
                        since: string;
                        /**
                         * Listed
                         * @description how many objects were made since then
                         */
                        listed: number;
                        /**
                         * Unknown
                         * @description how many of them no row owns
                         */
                        unknown: number;
                        /**
                         * Is Complete
                         * @description false: something may be missing
                         */
                        is_complete: boolean;
                        /**
                         * Problem
                         * @description why
                         */
                        problem: string | null;
                    } | {
                        /**
                         * Type
                         * @default progress
                         * @constant
                         */
                        type: "progress";
                        /** Channel Name */
                        channel_name: string;
                        /** Kind */
                        kind: string;
                    } | {
                        /**
                         * Type
                         * @default end
                         * @constant
                         */
                        type: "end";
                    };
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_adopt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Channel
                     * @description name or id of the channel that holds them
                     */
                    channel: string;
                    /**
                     * Task Ids
                     * @description upstream tasks that no row owns
                     * @default []
                     */
                    task_ids?: string[];
                    /**
                     * Group Ids
                     * @description upstream groups, which bring their assets; of a group of the tenant's, what is missing
                     * @default []
                     */
                    group_ids?: string[];
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Adopted"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_rotate_webhook_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_rotate_operator_secret: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_deliveries: {
        parameters: {
            query?: {
                /** @description only the delivery with this id */
                id?: string;
                /** @description only this tenant's deliveries; or `operator` */
                tenant?: string;
                /** @description only about the task with this id: the tenant's, upstream's or spare one */
                task?: string;
                /** @description only about tasks that the API key of this id has made */
                key?: string;
                status?: "pending" | "delivered" | "failed";
                /** @description only to this origin, such as `https://hooks.example` */
                endpoint?: string;
                /** @description made then or later, such as 2030-01-31T12:00:00Z */
                from?: string;
                /** @description made before */
                to?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DeliveryView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryDetailView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_resend_deliveries: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Ids
                     * @description the deliveries, whatever their state
                     */
                    ids?: string[] | null;
                    /**
                     * Endpoint
                     * @description an origin such as `https://hooks.example`: what was given up or waits after a failure
                     */
                    endpoint?: string | null;
                    /**
                     * Tenant
                     * @description only this tenant's deliveries to the endpoint
                     */
                    tenant?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResentView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_resend_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_usage: {
        parameters: {
            query?: {
                /** @description one sum for each */
                group_by?: "tenant" | "key" | "model" | "channel" | "day";
                /** @description tasks created then or later: a time with an offset, or a day, which begins at its midnight */
                from?: string;
                /** @description tasks created before: a time with an offset, or a day, which is itself left out */
                to?: string;
                /** @description IANA name, of the days in `from`, `to` and `group_by` */
                time_zone?: string;
                /** @description only this tenant's tasks */
                tenant?: string;
                /** @description only the tasks of this API key */
                key?: string;
                /** @description only the tasks of this model, by any of its names */
                model?: string;
                /** @description only the tasks of this channel; name or id */
                channel?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_UsageSum_"];
                    "text/csv": string;
                    "application/x-ndjson": {
                        /** Id */
                        id: number;
                        /**
                         * Kind
                         * @description `settlement`: the only one of its task; `correction`: is added to it
                         */
                        kind: string;
                        /**
                         * Created At
                         * Format: date-time
                         * @description when the task was created; the period to which it belongs
                         */
                        created_at: string;
                        /**
                         * Settled At
                         * Format: date-time
                         */
                        settled_at: string;
                        /** Tenant Id */
                        tenant_id: string;
                        /** Key Id */
                        key_id: string;
                        /**
                         * Task Id
                         * @description our own id of the task
                         */
                        task_id: string;
                        /** Upstream Id */
                        upstream_id: string | null;
                        /** Channel Id */
                        channel_id: string | null;
                        /** Model */
                        model: string;
                        /** Upstream Model */
                        upstream_model: string;
                        /** Resolution */
                        resolution: string | null;
                        /** Service Tier */
                        service_tier: string;
                        /** Has Video Input */
                        has_video_input: boolean | null;
                        /** Has Audio */
                        has_audio: boolean | null;
                        /**
                         * Status
                         * @description how the task ended
                         */
                        status: string;
                        /**
                         * Total Tokens
                         * @description null: not known, see `is_estimated`
                         */
                        total_tokens: number | null;
                        /** Web Searches */
                        web_searches: number;
                        /** Currency */
                        currency: string | null;
                        /**
                         * Micros Per Million Tokens
                         * @description the price when the task was created
                         */
                        micros_per_million_tokens: number | null;
                        /** Cost Micros */
                        cost_micros: number | null;
                        /** Is Estimated */
                        is_estimated: boolean;
                        /** Note */
                        note: string | null;
                    };
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_correct_usage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Task Id
                     * @description our own id of the task, or the upstream's
                     */
                    task_id: string;
                    /**
                     * Total Tokens
                     * @description what the upstream bills for the whole task; not the difference
                     */
                    total_tokens: number;
                    /**
                     * Note
                     * @description why, for who reads the ledger
                     */
                    note: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerEntry"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_rebuild_sums: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RebuiltSums"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_check_usage: {
        parameters: {
            query?: {
                /** @description only this channel; name or id */
                channel?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description a JSON object in each line */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": {
                        /**
                         * Type
                         * @default difference
                         * @constant
                         */
                        type: "difference";
                        /**
                         * Kind
                         * @description the ledger has other tokens than the upstream, or than the task's row; or no row at all
                         * @enum {string}
                         */
                        kind: "upstream" | "task" | "not_settled";
                        /** Tenant Id */
                        tenant_id: string | null;
                        /**
                         * Task Id
                         * @description our own id
                         */
                        task_id: string | null;
                        /** Upstream Id */
                        upstream_id: string | null;
                        /**
                         * Ledger Tokens
                         * @description with corrections; null when there is no figure
                         */
                        ledger_tokens: number | null;
                        /**
                         * Other Tokens
                         * @description of the upstream, or of the task's row
                         */
                        other_tokens: number | null;
                        /** Is Estimated */
                        is_estimated: boolean;
                    } | {
                        /**
                         * Type
                         * @default estimate
                         * @constant
                         */
                        type: "estimate";
                        /** Tenant Id */
                        tenant_id: string;
                        /**
                         * Task Id
                         * @description our own id
                         */
                        task_id: string;
                        /** Upstream Id */
                        upstream_id: string | null;
                        /**
                         * Status
                         * @description how the task ended
                         */
                        status: string;
                        /**
                         * Ledger Tokens
                         * @description the most that it was expected to cost; null when that is not known
                         */
                        ledger_tokens: number | null;
                    } | {
                        /**
                         * Type
                         * @default budget
                         * @constant
                         */
                        type: "budget";
                        /** Tenant Id */
                        tenant_id: string;
                        /** Budget Id */
                        budget_id: string;
                        /**
                         * Starts At
                         * Format: date-time
                         */
                        starts_at: string;
                        /** Used Micros */
                        used_micros: number;
                        /**
                         * Ledger Micros
                         * @description what the ledger says of the tasks that were created in the period
                         */
                        ledger_micros: number;
                        /** Held Micros */
                        held_micros: number;
                        /**
                         * Holds Micros
                         * @description the holds of unfinished tasks
                         */
                        holds_micros: number;
                    } | {
                        /**
                         * Type
                         * @default orphan
                         * @constant
                         */
                        type: "orphan";
                        /** Upstream Id */
                        upstream_id: string;
                        /** Channel Name */
                        channel_name: string;
                        /** Model */
                        model: string;
                        /** Status */
                        status: string;
                        /** Total Tokens */
                        total_tokens: number | null;
                        /** Created At */
                        created_at: string | null;
                    } | {
                        /**
                         * Type
                         * @default list
                         * @constant
                         */
                        type: "list";
                        /** Channel Id */
                        channel_id: string;
                        /** Channel Name */
                        channel_name: string;
                        /**
                         * Listed
                         * @description tasks of the last seven days
                         */
                        listed: number;
                        /** Settled */
                        settled: number;
                        /**
                         * Unsettled
                         * @description tasks whose end has not been seen yet
                         */
                        unsettled: number;
                        /** Orphans */
                        orphans: number;
                        /** Upstream Tokens */
                        upstream_tokens: number;
                        /** Ledger Tokens */
                        ledger_tokens: number;
                        /** Unsettled Tokens */
                        unsettled_tokens: number;
                        /** Orphan Tokens */
                        orphan_tokens: number;
                        /**
                         * Is Complete
                         * @description false: something may be missing
                         */
                        is_complete: boolean;
                        /**
                         * Problem
                         * @description why
                         */
                        problem: string | null;
                    } | {
                        /**
                         * Type
                         * @default progress
                         * @constant
                         */
                        type: "progress";
                        /** Channel Name */
                        channel_name: string;
                        /** Kind */
                        kind: string;
                    } | {
                        /**
                         * Type
                         * @default end
                         * @constant
                         */
                        type: "end";
                    };
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_audit: {
        parameters: {
            query?: {
                /** @description only changes that concern this tenant */
                tenant?: string;
                /** @description only changes of the object with this id; a task also by the upstream's */
                target?: string;
                /** @description only what was done to, or with, the API key of this id */
                key?: string;
                /** @description only this action, such as `key.create` */
                action?: string;
                /** @description only changes by the admin or the command of this name */
                actor?: string;
                /** @description made then or later, such as 2030-01-31T12:00:00Z */
                from?: string;
                /** @description made before */
                to?: string;
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_get_audit_entry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entry_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_list_admins: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next_cursor` of the previous page */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AdminView_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_create_admin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Name */
                    name: string;
                    /**
                     * Role
                     * @enum {string}
                     */
                    role: "owner" | "operator" | "billing" | "viewer";
                    /** Expires At */
                    expires_at?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedAdminView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_revoke_admin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                admin_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
    admin_update_admin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                admin_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Name */
                    name?: string;
                    /**
                     * Role
                     * @enum {string}
                     */
                    role?: "owner" | "operator" | "billing" | "viewer";
                    /** Expires At */
                    expires_at?: string | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminView"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminErrorBody"];
                };
            };
        };
    };
}
