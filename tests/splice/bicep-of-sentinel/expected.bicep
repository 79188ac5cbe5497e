resource rule 'Microsoft.SecurityInsights/alertRules@2023-11-01' = {
  name: '7da76b41-8c1d-4602-91c6-5d99738d38f4'
  kind: 'Scheduled'
  properties: {
    displayName: 'Action1'
    query: '''
      DeviceNetworkEvents
      // quell:begin
      | where not(InitiatingProcessFileName =~ "setup.exe" and RemoteIP == "192.0.2.7")
      // quell:end
      | where RemotePort == 443
    '''
    queryFrequency: 'PT5H'
  }
}

resource other 'Microsoft.SecurityInsights/alertRules@2023-11-01' = {
  properties: {
    query: 'DeviceNetworkEvents | count'
  }
}
